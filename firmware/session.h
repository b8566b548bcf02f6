// The one session of a wand, its lease, and the work on air (sections 9.4 to 9.7).
//
// At most one air operation runs, over all paths, and at most one exchange with the implant. A session is
// told as closed only if the implant confirmed it. Nothing here knows requests and replies: judge.c asks
// before it begins something, and is told by judge_result how it ended.
#ifndef SESSION_H
#define SESSION_H

#include "message.h"
#include "wand.h"

enum { LEASE_MS = 5000 };

void session_start(const struct wand_store *store, wand_ms now);
void session_step(wand_ms now);

// Whether the link of this path holds the session, and its number, or 0 if it does not.
bool session_held(enum path_name path);
uint32_t session_named(enum path_name path);
// A session is open, whoever holds it, or being closed by the wand itself.
bool session_exists(void);
// A request of the link of this path has been heard (section 9.4): a lease begins again.
void session_renew(enum path_name path, wand_ms now);
// This path has another link now.
void session_orphan(enum path_name path);

// The operation that a host has asked for and that runs, or OPERATION_NONE.
enum operation session_operation(void);
// Begins one for this path. CLOSE ends an INTERROGATE or LIVE that runs.
void session_begin(enum operation operation, enum path_name path, wand_ms now);

// The snapshot that is kept, if this is its number, else NULL.
const struct snapshot *session_snapshot(uint32_t number);

void session_tell_hello(struct hello_reply *reply);
void session_tell_ping(struct ping_reply *reply, wand_ms now);

#endif

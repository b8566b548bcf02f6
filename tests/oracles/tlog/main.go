// An RFC 6962 tree and signed notes that this project did not write: golang.org/x/mod/sumdb. One
// JSON object a line on stdin, one answer a line on stdout.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run main.go
//
// Debian: golang-go, golang-golang-x-mod-dev.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Op     string      `json:"op"`
	Leaves []string    `json:"leaves"`
	Index  int64       `json:"index"`
	From   int64       `json:"from"`
	To     int64       `json:"to"`
	Leaf   string      `json:"leaf"`
	Root   tlog.Hash   `json:"root"`
	Before tlog.Hash   `json:"before"`
	Proof  []tlog.Hash `json:"proof"`
	Note   string      `json:"note"`
	Key    string      `json:"key"`
	Text   string      `json:"text"`
	Seed   string      `json:"seed"`
}

type answer struct {
	Ok     bool        `json:"ok"`
	Why    string      `json:"why,omitempty"`
	Roots  []tlog.Hash `json:"roots,omitempty"`
	Proof  []tlog.Hash `json:"proof"`
	Text   string      `json:"text,omitempty"`
	Note   string      `json:"note,omitempty"`
	Key    string      `json:"key,omitempty"`
	Signer string      `json:"signer,omitempty"`
}

var stored []tlog.Hash

func reader(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(stored)) {
			return nil, fmt.Errorf("no stored hash %d", x)
		}
		out[i] = stored[x]
	}
	return out, nil
}

func do(q question) (a answer, err error) {
	r := tlog.HashReaderFunc(reader)
	switch q.Op {
	case "tree":
		stored = nil
		root, _ := tlog.TreeHash(0, r)
		a.Roots = append(a.Roots, root)
		for i, leaf := range q.Leaves {
			hashes, err := tlog.StoredHashes(int64(i), []byte(leaf), r)
			if err != nil {
				return a, err
			}
			stored = append(stored, hashes...)
			root, err := tlog.TreeHash(int64(i+1), r)
			if err != nil {
				return a, err
			}
			a.Roots = append(a.Roots, root)
		}
	case "prove-record":
		p, err := tlog.ProveRecord(q.To, q.Index, r)
		a.Proof = p
		return a, err
	case "prove-tree":
		p, err := tlog.ProveTree(q.To, q.From, r)
		a.Proof = p
		return a, err
	case "check-record":
		err = tlog.CheckRecord(q.Proof, q.To, q.Root, q.Index, tlog.RecordHash([]byte(q.Leaf)))
	case "check-tree":
		err = tlog.CheckTree(q.Proof, q.To, q.Root, q.From, q.Before)
	case "open":
		v, err := note.NewVerifier(q.Key)
		if err != nil {
			return a, err
		}
		n, err := note.Open([]byte(q.Note), note.VerifierList(v))
		if err != nil {
			return a, err
		}
		a.Text = n.Text
	case "sign":
		skey, vkey, err := note.GenerateKey(strings.NewReader(q.Seed), q.Key)
		if err != nil {
			return a, err
		}
		s, err := note.NewSigner(skey)
		if err != nil {
			return a, err
		}
		signed, err := note.Sign(&note.Note{Text: q.Text}, s)
		a.Note, a.Key = string(signed), vkey
		return a, err
	default:
		err = fmt.Errorf("unknown op %q", q.Op)
	}
	return a, err
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) == 0 || err != nil {
			return
		}
		var q question
		if err := json.Unmarshal(line, &q); err != nil {
			out.Encode(answer{Why: err.Error()})
			continue
		}
		a, err := do(q)
		a.Ok = err == nil
		if err != nil {
			a.Why = err.Error()
		}
		out.Encode(a)
	}
}

// A monitor of another make: it follows a log over HTTP by golang.org/x/mod/sumdb alone, and believes
// nothing but one verifier key, what it has verified before, and the keys that this one was changed to.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run main.go PREFIX KEY TOKEN
//
// Each line on standard input lets it look once. It verifies the checkpoint with note, that the log has
// only grown with tlog.CheckTree, and every entry since the last look with tlog.CheckRecord and by its
// hash in tiles; it answers with one JSON object. Debian: golang-go, golang-golang-x-mod-dev.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type answer struct {
	Ok      bool   `json:"ok"`
	Why     string `json:"why,omitempty"`
	Size    int64  `json:"size"`
	Entries int64  `json:"entries"`
	Tiles   int    `json:"tiles"`
	Keys    int    `json:"keys"`
}

type monitor struct {
	prefix, token string
	known         map[string]note.Verifier
	origin        string
	seen          tlog.Tree
	tiles         int
	kept          map[string][]byte
}

func (m *monitor) get(path string) ([]byte, error) {
	request, err := http.NewRequest("GET", m.prefix+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+m.token)
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err == nil && reply.StatusCode != 200 {
		err = fmt.Errorf("%s: %s", path, reply.Status)
	}
	return body, err
}

// Height, ReadTiles and SaveTiles make it a tlog.TileReader.
func (m *monitor) Height() int { return 8 }

// c2sp is the address that c2sp.org/tlog-tiles gives a tile: as tlog's, without the height.
func c2sp(t tlog.Tile) string { return "tile/" + strings.TrimPrefix(t.Path(), "tile/8/") }

func (m *monitor) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		if data, ok := m.kept[c2sp(t)]; ok {
			all = append(all, data)
			continue
		}
		data, err := m.get(c2sp(t))
		if err != nil {
			return nil, err
		}
		m.tiles++
		all = append(all, data)
	}
	return all, nil
}

// SaveTiles is told of tiles that were verified: none is fetched twice.
func (m *monitor) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	for i, t := range tiles {
		m.kept[c2sp(t)] = data[i]
	}
}

func (m *monitor) verifiers() note.Verifiers {
	var all []note.Verifier
	for _, one := range m.known {
		all = append(all, one)
	}
	return note.VerifierList(all...)
}

// treeOf reads the text of a checkpoint of this log.
func (m *monitor) treeOf(text string) (tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != m.origin {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s: %q", m.origin, text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

func (m *monitor) checkpoint() (tlog.Tree, error) {
	text, err := m.get("checkpoint")
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := note.Open(text, m.verifiers())
	var unknown *note.UnverifiedNoteError
	if errors.As(err, &unknown) {
		// Nobody it knows has signed it: the key was changed, or it is a stranger's.
		tree, err := m.treeOf(unknown.Note.Text)
		if err != nil {
			return tlog.Tree{}, err
		}
		if err := m.learn(tree); err != nil {
			return tlog.Tree{}, err
		}
		signed, err = note.Open(text, m.verifiers())
		if err != nil {
			return tlog.Tree{}, err
		}
		return m.treeOf(signed.Text)
	}
	if err != nil {
		return tlog.Tree{}, err
	}
	return m.treeOf(signed.Text)
}

// learn takes over the keys that known keys were changed to, on the way to this tree.
func (m *monitor) learn(tree tlog.Tree) error {
	data, err := m.get("key-changes")
	if err != nil {
		return err
	}
	var said struct {
		Format  string   `json:"format"`
		Changes []string `json:"changes"`
	}
	if err := json.Unmarshal(data, &said); err != nil || said.Format != "wandbridge-key-changes/1" {
		return fmt.Errorf("key-changes cannot be read: %s", data)
	}
	for _, text := range said.Changes {
		if to, err := m.change(text, tree); err == nil {
			m.known[to.Name()+strconv.Itoa(int(to.KeyHash()))] = to
		}
	}
	return nil
}

// change gives the key that a proof (c2sp.org/tlog-proof) shows a known key to have been changed to.
func (m *monitor) change(text string, tree tlog.Tree) (note.Verifier, error) {
	head, checkpoint, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" ||
		!strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return nil, errors.New("not a proof with its record")
	}
	record, err := base64.StdEncoding.DecodeString(lines[1][6:])
	if err != nil {
		return nil, err
	}
	index, err := strconv.ParseInt(lines[2][6:], 10, 64)
	if err != nil {
		return nil, err
	}
	var path tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		path = append(path, hash)
	}
	var line struct {
		Kind string `json:"kind"`
		Seq  int64  `json:"seq"`
		Body struct {
			From string `json:"from"`
			To   string `json:"to"`
		} `json:"body"`
	}
	if err := json.Unmarshal(record, &line); err != nil {
		return nil, err
	}
	from, err := note.NewVerifier(line.Body.From)
	if err != nil {
		return nil, err
	}
	to, err := note.NewVerifier(line.Body.To)
	if err != nil {
		return nil, err
	}
	known := m.known[from.Name()+strconv.Itoa(int(from.KeyHash()))]
	if line.Kind != "key-rotation" || line.Seq != index || line.Body.From == line.Body.To ||
		known == nil || to.Name() != m.origin {
		return nil, errors.New("not a change of a known key")
	}
	// Both have signed; the old one is the one that is known, not the one that the record names alike.
	signed, err := note.Open([]byte(checkpoint), note.VerifierList(known, to))
	if err != nil || len(signed.Sigs) != 2 {
		return nil, errors.New("not signed by both keys")
	}
	at, err := m.treeOf(signed.Text)
	if err != nil {
		return nil, err
	}
	if err := tlog.CheckRecord(path, at.N, at.Hash, index, tlog.RecordHash(record)); err != nil {
		return nil, err
	}
	for _, pair := range [][2]tlog.Tree{{m.seen, at}, {at, tree}} {
		older, newer := pair[0], pair[1]
		if older.N > newer.N {
			older, newer = newer, older
		}
		if older.N == 0 {
			continue
		}
		proof, err := tlog.ProveTree(newer.N, older.N, tlog.TileHashReader(newer, m))
		if err != nil {
			return nil, err
		}
		if err := tlog.CheckTree(proof, newer.N, newer.Hash, older.N, older.Hash); err != nil {
			return nil, err
		}
	}
	return to, nil
}

// bundle reads entries lo and following, as many as one bundle holds.
func (m *monitor) bundle(lo, size int64) ([][]byte, error) {
	n := lo / 256
	t := tlog.Tile{H: 8, L: 0, N: n, W: 256}
	if rest := size - n*256; rest < 256 {
		t.W = int(rest)
	}
	path := "tile/entries/" + strings.TrimPrefix(c2sp(t), "tile/0/")
	data, err := m.get(path)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for at := 0; at < len(data); {
		if at+2 > len(data) {
			return nil, fmt.Errorf("%s is torn", path)
		}
		end := at + 2 + int(binary.BigEndian.Uint16(data[at:]))
		if end > len(data) {
			return nil, fmt.Errorf("%s is torn", path)
		}
		entries = append(entries, data[at+2:end])
		at = end
	}
	if len(entries) != t.W {
		return nil, fmt.Errorf("%s holds %d entries", path, len(entries))
	}
	return entries[lo-n*256:], nil
}

func (m *monitor) look() (answer, error) {
	tree, err := m.checkpoint()
	if err != nil {
		return answer{}, err
	}
	before := m.seen
	if tree.N < before.N {
		return answer{}, fmt.Errorf("the log has %d entries, and had %d", tree.N, before.N)
	}
	// Every hash it gives is verified against the tree.
	hashes := tlog.TileHashReader(tree, m)
	if before.N > 0 {
		proof, err := tlog.ProveTree(tree.N, before.N, hashes)
		if err != nil {
			return answer{}, err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash); err != nil {
			return answer{}, err
		}
	}
	read := int64(0)
	for lo := before.N; lo < tree.N; {
		entries, err := m.bundle(lo, tree.N)
		if err != nil {
			return answer{}, err
		}
		for _, entry := range entries {
			proof, err := tlog.ProveRecord(tree.N, lo, hashes)
			if err != nil {
				return answer{}, err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, lo, tlog.RecordHash(entry)); err != nil {
				return answer{}, err
			}
			if !bytes.Contains(entry, []byte(fmt.Sprintf("\"seq\":%d,", lo))) {
				return answer{}, fmt.Errorf("entry %d says another number: %s", lo, entry)
			}
			lo++
			read++
		}
	}
	m.seen = tree
	return answer{Ok: true, Size: tree.N, Entries: read, Tiles: m.tiles, Keys: len(m.known)}, nil
}

func main() {
	key := os.Args[2]
	verifier, err := note.NewVerifier(key)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	m := &monitor{prefix: os.Args[1], token: os.Args[3], origin: verifier.Name(), kept: map[string][]byte{}}
	m.known = map[string]note.Verifier{verifier.Name() + strconv.Itoa(int(verifier.KeyHash())): verifier}
	out := json.NewEncoder(os.Stdout)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		said, err := m.look()
		if err != nil {
			said = answer{Why: err.Error()}
		}
		out.Encode(said)
	}
}

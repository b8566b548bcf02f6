// A monitor of another make: it follows a log over HTTP by golang.org/x/mod/sumdb alone, and believes
// nothing but one verifier key and what it has verified before.
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
	"encoding/binary"
	"encoding/json"
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
}

type monitor struct {
	prefix, token string
	verifiers     note.Verifiers
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

func (m *monitor) checkpoint() (tlog.Tree, error) {
	text, err := m.get("checkpoint")
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := note.Open(text, m.verifiers)
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != m.origin {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s: %q", m.origin, signed.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
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
	return answer{Ok: true, Size: tree.N, Entries: read, Tiles: m.tiles}, nil
}

func main() {
	key := os.Args[2]
	verifier, err := note.NewVerifier(key)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	m := &monitor{prefix: os.Args[1], token: os.Args[3], origin: verifier.Name(), kept: map[string][]byte{}}
	m.verifiers = note.VerifierList(verifier)
	out := json.NewEncoder(os.Stdout)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		said, err := m.look()
		if err != nil {
			said = answer{Why: err.Error()}
		}
		out.Encode(said)
	}
}

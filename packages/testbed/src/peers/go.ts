import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverCertificate } from '../certificates/certificates.ts';
import { installedProgram } from './installed-program.ts';
import { startPeerProcess, temporaryFolder } from './peer-process.ts';

export interface GoServer extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** What a client has to trust, in PEM. */
  readonly ca: string;
  /** The last 64 KiB of its log. */
  log(): string;
  stop(): Promise<void>;
}

/** What it does is said at each path. */
const source = `package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

func number(r *http.Request, name string, otherwise int) int {
	value, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return otherwise
	}
	return value
}

func main() {
	// Reads the request in pieces of ?piece octets, and answers how many there were.
	http.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r.Body}, make([]byte, number(r, "piece", 1024)))
		fmt.Fprint(w, n, err)
	})
	// ?count rows of text, each flushed.
	http.HandleFunc("/rows", func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < number(r, "count", 10); i++ {
			fmt.Fprintf(w, "{\\"id\\":%d}\\n", i)
			w.(http.Flusher).Flush()
		}
	})
	// Single octets, each flushed.
	http.HandleFunc("/octets", func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < number(r, "count", 10); i++ {
			w.Write([]byte{'x'})
			w.(http.Flusher).Flush()
		}
	})
	// ?size octets at once.
	http.HandleFunc("/bytes", func(w http.ResponseWriter, r *http.Request) {
		w.Write(make([]byte, number(r, "size", 10)))
	})
	// Refuses the request before it has read any of it.
	http.HandleFunc("/refuse", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		fmt.Fprint(w, "too large")
	})
	// Closes the connection behind the answer.
	http.HandleFunc("/last", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		fmt.Fprint(w, "last")
	})
	// Breaks off in the middle of its answer.
	http.HandleFunc("/abort", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "the beginning")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	// Answers when the request is given up.
	http.HandleFunc("/silent", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(time.Minute):
		}
	})
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	fmt.Println(http.ServeTLS(listener, nil, os.Args[2], os.Args[3]))
}
`;

/**
 * Builds a server of Go's net/http, and starts it in a temporary folder and at a port of the moment. It speaks HTTP/2 and HTTP/1.1 over TLS.
 *
 * @throws {Error} with its own words where it can not be built or does not come up; see `installedProgram` for whether there is a `go` at all.
 * @example
 * await using go = await startGo();
 */
export async function startGo(): Promise<GoServer> {
  const program = installedProgram('go');
  if (program === undefined) throw new Error('go is not installed');
  const folder = await temporaryFolder('go');
  try {
    const { cert, key, ca } = await serverCertificate();
    const files = { 'main.go': source, 'server.pem': cert, 'server-key.pem': key };
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder.path, name), content, { mode: 0o600 });
    const server = join(folder.path, 'server');
    await build(program, folder.path, server);
    const go = await startPeerProcess((port) => ({
      program: server,
      args: [`127.0.0.1:${port}`, join(folder.path, 'server.pem'), join(folder.path, 'server-key.pem')],
      ready: /^ready$/mu,
      taken: /address already in use/u,
    }));
    const stop = async (): Promise<void> => {
      await go.stop();
      await folder.remove();
    };
    return { host: '127.0.0.1', port: go.port, ca, log: go.output, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

async function build(program: string, folder: string, to: string): Promise<void> {
  const { PATH, HOME, GOCACHE = join(folder, 'cache') } = process.env;
  const child = spawn(program, ['build', '-o', to, 'main.go'], {
    cwd: folder,
    env: {
      PATH,
      HOME,
      GOCACHE: HOME === undefined ? GOCACHE : process.env['GOCACHE'],
      GO111MODULE: 'off',
      GOFLAGS: '',
      GOTOOLCHAIN: 'local',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`go build: ${output.trim()}`);
}

// The real program on a free port and a data directory of its own.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';
import {stringify} from 'yaml';
import {checkResponse} from './contract.mjs';

export const binary = process.env.MSST_BINARY;
const kStartMs = Number(process.env.MSST_E2E_START_MS ?? 120_000);
// How long a test waits FOR something. Only a test that fails gets there, so these suit a machine with much else to do.
export const kPatienceMs = 120_000;
const kTaskPatienceMs = 600_000;

// Looks every `stepMs` until `look` returns something true; fails after `limitMs`.
export async function until(look, {limitMs = kPatienceMs, stepMs = 50, what = 'the condition'} = {}) {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) assert.fail(`${what} did not come true within ${limitMs} ms`);
    await sleep(stepMs);
  }
}

// What `look` at a file returns, or undefined when there is none (any more).
function unlessGone(look) {
  try {
    return look();
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export class Server {
  // settings: keys of the configuration file. environment: variables of the server. prefix: a command that runs it.
  constructor(settings = {}, {environment = {}, prefix = []} = {}) {
    assert.ok(binary, 'MSST_BINARY must name the program under test');
    this.folder = mkdtempSync(path.join(tmpdir(), 'msst-e2e-'));
    this.dataDir = path.join(this.folder, 'data');
    this.settings = {port: 0, host: '127.0.0.1', data_dir: this.dataDir, models_dir: path.join(this.folder, 'models'),
      degraded_free_disk: '1MB', reserve_free_disk: '1MB', ...settings};
    this.environment = environment;
    this.prefix = prefix;
    this.stderr = '';
  }

  // Starts one for a test; it goes away at the test's end.
  static async start(test, settings, options) {
    const server = new Server(settings, options);
    test.after(() => server.destroy());
    await server.start();
    return server;
  }

  // Starts one whose devices all hold their work until release(): no song has to be long enough to be met in the middle.
  // devices: fields of each simulated device.
  static async startHeld(test, devices = [{name: 'one'}], settings = {}) {
    const server = new Server(settings);
    test.after(() => server.destroy());
    mkdirSync(server.dataDir, {recursive: true, mode: 0o700});
    server.held = path.join(server.dataDir, 'held');
    server.hold();
    server.settings.devices = devices.map(device => ({kind: 'simulated', memory: '1GB', fault: 'hold', fault_while: server.held, ...device}));
    await server.start();
    return server;
  }

  hold() { writeFileSync(this.held, ''); }
  release() { rmSync(this.held); }

  writeConfig() {
    const config = path.join(this.folder, 'msst.yaml');
    writeFileSync(config, stringify(this.settings));
    return ['-c', config];
  }

  async start() {
    const [program, ...words] = [...this.prefix, binary, 'serve', ...this.writeConfig()];
    this.process = spawn(program, words, {cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'], env: {...process.env, ...this.environment}});
    this.exited = once(this.process, 'exit').then(([code, signal]) => ({code, signal}));
    this.process.stderr.on('data', text => { this.stderr += text; });
    const lines = createInterface({input: this.process.stdout});
    const url = new Promise(found => lines.on('line', line => {
      const match = /listening on (http:\/\/\S+:\d+)/.exec(line);
      if (match) found(match[1]);
    }));
    const late = new AbortController();
    const first = await Promise.race([url, this.exited, sleep(kStartMs, 'late', {signal: late.signal}).catch(() => {})]);
    late.abort();
    assert.equal(typeof first, 'string', `the server ended before it listened: ${JSON.stringify(first)}\n${this.stderr}`);
    assert.notEqual(first, 'late', `the server did not say that it listens\n${this.stderr}`);
    this.url = first;
    this.port = Number(new URL(first).port);
    return this;
  }

  get pid() { return this.process.pid; }

  // Its worker processes: children that run `msst worker`.
  workers() {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean);
    const all = readdirSync(`/proc/${this.pid}/task`).flatMap(task => {
      try {
        return readFileSync(`/proc/${this.pid}/task/${task}/children`, 'utf8').trim().split(/\s+/).filter(Boolean);
      } catch {
        return [];
      }
    });
    return [...new Set([...children, ...all])].map(Number).filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[1] === 'worker';
      } catch {
        return false;
      }
    });
  }

  // Resident memory of the server itself, in bytes: now, and at its highest.
  memory() {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const bytes = name => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)[1]) * 1024;
    return {now: bytes('VmRSS'), peak: bytes('VmHWM')};
  }

  // SIGTERM, and wait for the end.
  async stop() {
    this.process.kill('SIGTERM');
    return this.exited;
  }

  // As a power cut would: the server and its workers, at once.
  async kill() {
    const workers = this.workers();
    this.process.kill('SIGKILL');
    for (const pid of workers) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch { /* it ended with its parent */ }
    }
    return this.exited;
  }

  async destroy() {
    if (this.process && this.process.exitCode === null && this.process.signalCode === null) await this.kill();
    if (process.env.MSST_E2E_KEEP) return console.error(`kept ${this.folder}`);
    rmSync(this.folder, {recursive: true, force: true});
  }

  // What the log file holds, as objects. The last line may be half written.
  log() {
    const file = path.join(this.dataDir, 'msst.log');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1).map(line => JSON.parse(line)) : [];
  }

  // Files with audio in them. The server may erase some while this looks.
  audioFiles() {
    const files = [];
    const walk = folder => {
      for (const entry of unlessGone(() => readdirSync(folder, {withFileTypes: true})) ?? []) {
        const full = path.join(folder, entry.name);
        if (entry.isDirectory()) walk(full);
        else files.push({path: full, size: unlessGone(() => statSync(full).size)});
      }
    };
    for (const name of ['uploads', 'results', 'tmp']) walk(path.join(this.dataDir, name));
    return files.filter(file => file.size !== undefined);
  }

  // fetch, with the response held against the API document. The answer has {status, headers, body, json()}.
  async request(method, target, options = {}) {
    const url = new URL(target, this.url);
    const response = await fetch(url, {method, redirect: 'manual', ...options});
    const body = Buffer.from(await response.arrayBuffer());
    checkResponse(method, url, response, body);
    return {status: response.status, headers: response.headers, body, json: () => JSON.parse(body)};
  }

  get(target, headers) { return this.request('GET', target, {headers}); }

  // fields: values, or arrays of them. file: a Buffer, or undefined for none.
  submit(file, fields = {}, {name = 'song.wav', headers} = {}) {
    const form = new FormData();
    for (const [key, values] of Object.entries(fields)) for (const value of [values].flat()) form.append(key, value);
    if (file !== undefined) form.append('file', new Blob([file]), name);
    return this.request('POST', '/api/v1/separate', {body: form, headers});
  }

  // Submits, and returns the id of the task. Tries again, as clients are asked to, when the server is overloaded: on a very
  // busy machine the look at the upload may take longer than it is given.
  async task(file, fields, options) {
    const answer = await until(async () => {
      const tried = await this.submit(file, fields, options);
      return (tried.status !== 503 || tried.json().code !== 'overloaded') && tried;
    }, {stepMs: 1_000, what: 'room for a task'});
    assert.equal(answer.status, 201, answer.body.toString());
    return answer.json().task_id;
  }

  async status(id, headers) {
    const answer = await this.get(`/api/v1/tasks/${id}`, headers);
    assert.equal(answer.status, 200, answer.body.toString());
    return answer.json();
  }

  // Polls until the task is final.
  async final(id, {limitMs = kTaskPatienceMs, headers} = {}) {
    let task;
    await until(async () => {
      task = await this.status(id, headers);
      return ['completed', 'failed', 'cancelled'].includes(task.status);
    }, {limitMs, stepMs: 100, what: `the end of task ${id}`});
    return task;
  }

  // Waits until a device works on the task, and returns its status.
  separating(id) {
    return until(async () => {
      const task = await this.status(id);
      assert.ok(['pending', 'processing'].includes(task.status), JSON.stringify(task));
      return task.status === 'processing' && task.stage === 'separating' && task;
    }, {stepMs: 20, what: `the separation of task ${id}`});
  }

  async completed(id, options) {
    const task = await this.final(id, options);
    assert.equal(task.status, 'completed', JSON.stringify(task));
    return task;
  }

  // The results of a completed task, with the bytes of every source: {name: Buffer}.
  async download(id) {
    const results = (await this.get(`/api/v1/tasks/${id}/results`)).json();
    const files = {};
    for (const source of results.sources) {
      const answer = await this.get(source.url);
      assert.equal(answer.status, 200);
      files[source.name] = answer.body;
    }
    return {results, files};
  }

  // Sends bytes as they are and returns all that comes back until `isDone` says so, the server closes or `limitMs` is over.
  raw(bytes, {limitMs = kPatienceMs, isDone = () => false} = {}) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.port, '127.0.0.1');
      const chunks = [];
      const finish = () => { clearTimeout(timer); socket.destroy(); resolve(Buffer.concat(chunks).toString('latin1')); };
      const timer = setTimeout(finish, limitMs);
      socket.on('error', error => (chunks.length > 0 || error.code === 'EPIPE' || error.code === 'ECONNRESET' ? finish() : reject(error)));
      socket.on('data', chunk => { chunks.push(chunk); if (isDone(Buffer.concat(chunks).toString('latin1'))) finish(); });
      socket.on('close', finish);
      socket.write(bytes);
    });
  }
}

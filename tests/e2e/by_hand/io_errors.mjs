// The N-th write, sync, open or rename of a running server, or of a running worker, fails with EIO, ENOSPC or EMFILE, for every
// call, error and N. Nobody may crash, nothing that was not synced may be answered with 201, and it works again afterwards
// without a restart. By hand, as root; needs strace, which injects the failures:
//
//   MSST_BINARY=build/release/msst node tests/e2e/by_hand/io_errors.mjs [CALL:ERROR:N …]
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {createHash, randomUUID} from 'node:crypto';
import {readFileSync, readdirSync} from 'node:fs';
import path from 'node:path';
import {makeWav} from '../support/audio.mjs';
import {Server, until} from '../support/server.mjs';

// strace counts N for every thread apart: a pool of threads fails as often as it has threads.
const kCalls = {
  fsync: ['EIO', 'ENOSPC'], fdatasync: ['EIO', 'ENOSPC'], pwrite64: ['EIO', 'ENOSPC'], write: ['EIO', 'ENOSPC'],
  openat: ['EIO', 'EMFILE'], renameat2: ['EIO', 'ENOSPC'], rename: ['EIO', 'ENOSPC'], ftruncate: ['EIO'], unlink: ['EIO'],
};
const kTimes = [1, 2, 3];
const points = process.argv.length > 2 ? process.argv.slice(2)
  : Object.entries(kCalls).flatMap(([call, errors]) => errors.flatMap(error => kTimes.map(n => `${call}:${error}:${n}`)));

const song = makeWav({seconds: 0.5});
const sha256 = bytes => createHash('sha256').update(bytes).digest('hex');

// Injects at a point into a process and all its threads until `work` is done. Returns the lines of what failed, with their times.
async function withFailures(server, pid, point, work) {
  const [call, error, n] = point.split(':');
  const file = path.join(server.folder, 'trace.txt');
  const tracer = spawn('strace', ['-f', '-y', '-ttt', '-o', file, '-p', pid, '-e', `trace=${call}`, '-e', `inject=${call}:error=${error}:when=${n}`],
    {stdio: ['ignore', 'ignore', 'pipe']});
  let said = '';
  tracer.stderr.on('data', text => { said += text; });
  const gone = new Promise(done => tracer.once('exit', done));
  await until(() => /attached/.test(said), {what: `strace at work: ${said}`});
  try {
    await work();
  } finally {
    tracer.kill('SIGINT');
    await gone;
  }
  return readFileSync(file, 'utf8').split('\n').filter(line => line.includes('(INJECTED)'))
    .map(line => ({at: 1000 * Number(/^\d+ +([\d.]+)/.exec(line)[1]), line}));
}

// What must be on the disk before a submission is acknowledged.
const isOfSubmission = line => /f(data)?sync\(\d+<[^>]*\/(tmp\/|uploads|msst\.db-wal)/.test(line);

async function submitUnder(server, point) {
  const sent = [];
  const failures = await withFailures(server, server.pid, point, async () => {
    for (let i = 0; i < 3; ++i) {
      const key = randomUUID(), begin = Date.now();
      const answer = await server.submit(song, {instruments: 'bass'}, {headers: {'idempotency-key': key}}).catch(error => ({error}));
      sent.push({key, begin, end: Date.now(), status: answer.status ?? String(answer.error.cause ?? answer.error), id: answer.status === 201 && answer.json().task_id});
    }
  });
  for (const {begin, end, status} of sent) {
    assert.ok(status === 201 || status >= 500, `${point}: ${status}`);
    const unsynced = failures.find(failure => failure.at >= begin && failure.at <= end && isOfSubmission(failure.line));
    if (unsynced) assert.notEqual(status, 201, `${point}: acknowledged after ${unsynced.line}`);
  }
  return {failures, sent};
}

async function runUnder(server, point) {
  const [worker] = await until(() => server.workers().length === 1 && server.workers(), {what: 'a worker'});
  const id = await server.task(song, {instruments: ['bass', 'drums']});
  let task;
  const failures = await withFailures(server, String(worker), point, async () => { task = await server.final(id, {limitMs: 600_000}); });
  assert.notEqual(task.status, 'cancelled');
  return {failures, task};
}

async function checkResults(server, id) {
  const {results, files} = await server.download(id);
  for (const source of results.sources) assert.equal(sha256(files[source.name]), source.sha256);
}

const server = new Server();
try {
  await server.start();
  const {pid} = server;
  const ids = [], tally = {};
  let injected = 0, failed = 0;
  for (const point of points) {
    const {failures, sent} = await submitUnder(server, point);
    for (const {status, id} of sent) {
      tally[status] = (tally[status] ?? 0) + 1;
      if (id) ids.push(id);
    }
    assert.equal((await server.get('/livez')).status, 200);
    for (const {key} of sent) {  // it works again, and what a client repeats is there once
      const again = await server.submit(song, {instruments: 'bass'}, {headers: {'idempotency-key': key}});
      assert.equal(again.status, 201, `${point}: ${again.body}`);
      ids.push(again.json().task_id);
    }
    await until(() => readdirSync(path.join(server.dataDir, 'tmp')).length === 0, {what: `no half upload after ${point}`}).catch(error => {
      if (!point.startsWith('unlink')) throw error;
    });
    for (const id of ids) await server.completed(id, {limitMs: 600_000});
    const run = await runUnder(server, point);
    if (run.task.status === 'completed') await checkResults(server, run.task.task_id);
    else ++failed;
    injected += failures.length + run.failures.length;
    console.log(`${point}: ${failures.length} failures in the server, answers ${sent.map(({status}) => status).join(' ')};`
      + ` ${run.failures.length} in the worker, its task ${run.task.status} ${run.task.error?.code ?? ''} in ${run.task.attempts} attempts`);
    assert.equal(server.process.exitCode, null);
    assert.equal(server.pid, pid);
    while (ids.length) {
      const id = ids.pop();
      await checkResults(server, id);
    }
  }
  await server.stop();
  assert.equal(execFileSync('sqlite3', [path.join(server.dataDir, 'msst.db'), 'PRAGMA integrity_check'], {encoding: 'utf8'}).trim(), 'ok');
  console.log(`${points.length} points, ${injected} failed calls, answers ${JSON.stringify(tally)}, ${failed} tasks failed with a reason; no crash;`
    + ` ${readdirSync(path.join(server.dataDir, 'uploads')).length} uploads of submissions of unknown outcome are left to the sweep`);
} finally {
  await server.destroy();
}

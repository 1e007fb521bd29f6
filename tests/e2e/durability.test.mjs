// What is on the disk when the client reads 201, and what is left when the disk is full, read-only, or the process is killed
// between any two steps. strace and mount need root; where they may not be used, the test says so and is skipped.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {mkdirSync, readFileSync, readdirSync, rmSync, statfsSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {makeWav} from './support/audio.mjs';
import {Server, until} from './support/server.mjs';

const wav = makeWav({seconds: 0.3});
// Under strace the leak check of the sanitizers cannot work.
const kTraced = {environment: {ASAN_OPTIONS: 'detect_leaks=0'}};
const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0 || 'strace is missing or may not trace here';

function tmpfs(t, folder, megabytes) {
  mkdirSync(folder, {recursive: true});
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}M`, 'none', folder]).status !== 0) {
    t.skip('mount is not permitted here');
    return false;
  }
  t.after(() => spawnSync('umount', ['-l', folder]));
  return true;
}

function integrity(server) {
  return execFileSync('sqlite3', [path.join(server.dataDir, 'msst.db'), 'PRAGMA integrity_check'], {encoding: 'utf8'}).trim();
}

// Ends what a tracer runs: strace itself does not pass a signal on.
async function killTraced(server) {
  const children = () => readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean);
  try {
    for (const pid of children()) process.kill(Number(pid), 'SIGKILL');
  } catch { /* it is gone already */ }
  await server.exited;
}

test('the upload, its folder and the row are synced before the client is told', {skip: canTrace !== true && canTrace}, async t => {
  const server = new Server({}, {...kTraced, prefix: ['strace', '-f', '-y', '-s', '40', '-o', 'trace.txt', '-e',
    'trace=fsync,fdatasync,renameat2,write,pwrite64,sendto,sendmsg,writev']});
  t.after(() => server.destroy());
  await server.start();
  const answer = await server.submit(wav, {instruments: 'bass'});
  assert.equal(answer.status, 201);
  await server.completed(answer.json().task_id);
  await killTraced(server);

  const lines = readFileSync(path.join(server.folder, 'trace.txt'), 'utf8').split('\n');
  const find = (what, from = 0) => {
    const at = lines.findIndex((line, i) => i >= from && what.test(line));
    assert.ok(at >= 0, `${what} is not in the trace after line ${from}`);
    return at;
  };
  const lastBefore = (what, end) => lines.slice(0, end).findLastIndex(line => what.test(line));
  const told = find(/HTTP\/1\.1 201/);
  const written = lastBefore(/(write|pwrite64|writev)\(\d+<[^>]*\/tmp\/[0-9a-f]{32}>/, told);
  const fileSynced = find(/fsync\(\d+<[^>]*\/tmp\/[0-9a-f]{32}>/);
  const renamed = find(/renameat2\(.*uploads/);
  const folderSynced = find(/fsync\(\d+<[^>]*\/uploads>/, renamed);
  const rowSynced = find(/f(data)?sync\(\d+<[^>]*\/msst\.db-wal>/, folderSynced);
  assert.ok(written >= 0 && written < fileSynced, 'nothing is written to the upload after it was synced');
  assert.ok(fileSynced < renamed && renamed < folderSynced && folderSynced < rowSynced && rowSynced < told,
    `file ${fileSynced}, rename ${renamed}, folder ${folderSynced}, row ${rowSynced}, answer ${told}`);

  const stemSynced = find(/fsync\(\d+<[^>]*\/results\/[^>]*\/bass\.wav>/, told);
  const attemptSynced = find(/fsync\(\d+<[^>]*\/results\/[^>/]*\/1>/, stemSynced);
  const resultsSynced = find(/fsync\(\d+<[^>]*\/results>/, attemptSynced);
  find(/f(data)?sync\(\d+<[^>]*\/msst\.db-wal>/, resultsSynced);
});

// Each kills the process at the N-th time that one of its threads makes the call. By hand, all of them:
// MSST_E2E_KILL_POINTS=fsync:1,fsync:2,… (docs/reliability.md).
const points = (process.env.MSST_E2E_KILL_POINTS ?? 'fsync:2,renameat2:1,fdatasync:2').split(',');

for (const point of points)
  test(`killed at ${point}, nothing acknowledged is lost and nothing is there twice`, {skip: canTrace !== true && canTrace}, async t => {
    const [call, when] = point.split(':');
    const server = new Server({max_attempts: 100}, {...kTraced,
      prefix: ['strace', '-f', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${when}`]});
    t.after(() => server.destroy());
    const options = {headers: {'idempotency-key': randomUUID()}};
    let acknowledged;
    try {
      await server.start();
      const answer = await server.submit(wav, {instruments: 'bass'}, options);
      if (answer.status === 201) acknowledged = answer.json().task_id;
      // Where a worker is hit, its successors are too: the clean start below has to complete the task.
      const over = until(async () => (await server.status(acknowledged)).status === 'completed'
        || (await server.get('/api/v1/metrics')).json().worker_restarts > 0, {what: 'the end of the task'});
      await Promise.race([server.exited, over]);
    } catch { /* it was killed before it could answer */ }
    if (server.process.exitCode === null && server.process.signalCode === null) await killTraced(server);

    server.prefix = [];
    await server.start();
    assert.equal(integrity(server), 'ok');
    const again = await server.submit(wav, {instruments: 'bass'}, options);
    assert.equal(again.status, 201);
    if (acknowledged) assert.equal(again.json().task_id, acknowledged, 'the acknowledged task is still there');
    await server.completed(again.json().task_id);
    assert.equal((await server.get('/api/v1/tasks')).json().tasks.length, 1);
    await server.download(again.json().task_id);
    t.diagnostic(acknowledged ? 'killed after the answer, or in a worker' : 'killed before the answer');
  });

const kRounds = Number(process.env.MSST_E2E_KILL_ROUNDS ?? 2);

test('of submissions from eight clients, none that was acknowledged is lost when the server is killed', async t => {
  const server = new Server();
  t.after(() => server.destroy());
  const acknowledged = new Map();  // idempotency key -> task
  for (let round = 0; round < kRounds; ++round) {
    await server.start();
    let stopped = false;
    const clients = Array.from({length: 8}, async () => {
      while (!stopped) {
        const key = randomUUID();
        try {
          const answer = await server.submit(wav, {instruments: 'bass'}, {headers: {'idempotency-key': key}});
          if (answer.status === 201) acknowledged.set(key, answer.json().task_id);
        } catch {
          return;
        }
      }
    });
    const before = acknowledged.size;
    await until(() => acknowledged.size >= before + 5 + Math.floor(Math.random() * 20), {what: 'some submissions'});
    stopped = true;
    await server.kill();
    await Promise.all(clients);
  }
  await server.start();
  assert.equal(integrity(server), 'ok');
  for (const [key, id] of acknowledged) {
    const again = await server.submit(wav, {instruments: 'bass'}, {headers: {'idempotency-key': key}});
    assert.equal(again.json().task_id, id);
  }
  const ids = [];
  for (let cursor = ''; ids.length === 0 || cursor;) {
    const page = (await server.get(`/api/v1/tasks?limit=100${cursor && `&cursor=${cursor}`}`)).json();
    ids.push(...page.tasks.map(task => task.task_id));
    cursor = page.next_cursor;
  }
  assert.equal(new Set(ids).size, ids.length);
  for (const id of acknowledged.values()) assert.ok(ids.includes(id), id);
  t.diagnostic(`${kRounds} rounds, ${acknowledged.size} acknowledged, ${ids.length} there`);
});

test('a disk that fills refuses, fails the running task, and works again with room', async t => {
  const server = new Server({reserve_free_disk: '4MB'});
  const isMounted = tmpfs(t, server.dataDir, 48);
  t.after(() => server.destroy());
  if (!isMounted) return;
  await server.start();
  const ballast = path.join(server.dataDir, 'ballast');
  const free = () => { const facts = statfsSync(server.dataDir); return facts.bavail * facts.bsize; };
  const fill = left => writeFileSync(ballast, Buffer.alloc(Math.max(0, free() - left)));

  await t.test('below the reserve nothing is taken', async () => {
    fill(3_000_000);
    const answer = await server.submit(wav);
    assert.deepEqual([answer.status, answer.json().code], [503, 'storage_full']);
    assert.ok(Number(answer.headers.get('retry-after')) > 0);
    rmSync(ballast);
  });

  await t.test('an upload that meets the end of the disk is refused and erased', async () => {
    fill(6_000_000);
    const boundary = 'e2e';
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n`;
    const piece = makeWav({seconds: 6});  // 1 MB
    const parts = ['POST /api/v1/separate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n'
      + `Content-Type: multipart/form-data; boundary=${boundary}\r\n\r\n${head.length.toString(16)}\r\n${head}\r\n`];
    for (let i = 0; i < 8; ++i) parts.push(`${piece.length.toString(16)}\r\n`, piece, '\r\n');
    const text = await server.raw(Buffer.concat(parts.map(part => Buffer.from(part))), {isDone: seen => /\}\s*$/.test(seen)});
    assert.match(text, /^HTTP\/1\.1 503 /);
    assert.match(text, /"code":"storage_full"/);
    await until(() => server.audioFiles().length === 0, {what: 'the erasure'});
    rmSync(ballast);
  });

  await t.test('a task whose results do not fit fails and says why; the next one completes', async () => {
    const id = await server.task(makeWav({seconds: 50}), {pcm_type: 'FLOAT'});  // 9 MB in, 70 MB out
    const task = await server.final(id);
    assert.deepEqual([task.status, task.error?.code], ['failed', 'storage_full'], JSON.stringify(task));
    await server.request('DELETE', `/api/v1/tasks/${id}`);
    await until(() => server.audioFiles().length === 0, {what: 'the erasure'});
    await server.completed(await server.task(wav));
    assert.equal(integrity(server), 'ok');
  });

  assert.deepEqual(readdirSync(path.join(server.dataDir, 'tmp')), []);

  await t.test('read-only, it does not start, and says why', async () => {
    const remount = mode => assert.equal(spawnSync('mount', ['-o', `remount,${mode}`, server.dataDir]).status, 0);
    await server.stop();
    remount('ro');
    await assert.rejects(server.start());
    assert.match(server.stderr, /Read-only file system/);
    remount('rw');
    await server.start();
    await server.completed(await server.task(wav));
  });
});

// What happens when processes die or are told to stop in the middle of a task.
import assert from 'node:assert/strict';
import {existsSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {makeWav} from './support/audio.mjs';
import {Server, until} from './support/server.mjs';

const kSongSeconds = Number(process.env.MSST_E2E_LONG_SECONDS ?? 120);
const long = makeWav({seconds: kSongSeconds});

const running = (server, id, progress = 1) => until(async () => {
  const task = await server.status(id);
  assert.notEqual(task.status, 'completed', 'the song is too short for this test; set MSST_E2E_LONG_SECONDS');
  return task.status === 'processing' && task.progress >= progress && task;
}, {stepMs: 20, what: 'progress of the task'});

test('a task whose worker is killed is taken up by the next one and completes', async t => {
  const server = await Server.start(t);
  const id = await server.task(long, {instruments: 'vocals'});
  await running(server, id);
  const [victim] = server.workers();
  assert.ok(victim, 'there is a worker process');
  process.kill(victim, 'SIGKILL');
  const task = await server.completed(id);
  assert.equal(task.attempts, 2);
  assert.ok(!server.workers().includes(victim));
  assert.equal((await server.get('/api/v1/metrics')).json().worker_restarts, 1);
  const {results} = await server.download(id);
  assert.equal(results.sources[0].duration_seconds, kSongSeconds);
});

test('tasks of a killed server are completed by the next one, in their order', async t => {
  const server = await Server.start(t);
  const ids = [await server.task(long, {instruments: 'vocals'}), await server.task(makeWav({seconds: 1}), {instruments: 'bass'})];
  await running(server, ids[0]);
  await server.kill();
  await server.start();
  const tasks = [];
  for (const id of ids) tasks.push(await server.completed(id));
  assert.equal(tasks[0].attempts, 2);
  assert.ok(tasks[0].completed_at <= tasks[1].completed_at);
  for (const id of ids) await server.download(id);
});

test('a stopped server finishes or gives back its task, and ends with 0', async t => {
  const server = await Server.start(t, {drain_seconds: 1});
  const id = await server.task(long, {instruments: 'vocals'});
  await running(server, id);
  const begin = performance.now();
  const {code, signal} = await server.stop();
  assert.deepEqual([code, signal], [0, null], server.stderr);
  assert.ok(performance.now() - begin < 20_000);
  await server.start();
  await server.completed(id);
});

test('a running task can be cancelled, and its id is of no use for results', async t => {
  const server = await Server.start(t);
  const id = await server.task(long);
  await running(server, id);
  const answer = await server.request('POST', `/api/v1/tasks/${id}/cancel`);
  assert.equal(answer.status, 202);
  const task = await server.final(id, {limitMs: 15_000});
  assert.equal(task.status, 'cancelled');
  assert.equal((await server.get(`/api/v1/tasks/${id}/results`)).status, 410);
  assert.equal((await server.request('POST', `/api/v1/tasks/${id}/cancel`)).status, 409);
});

test('a running task can be deleted, with all its files', async t => {
  const server = await Server.start(t);
  const id = await server.task(long);
  await running(server, id);
  assert.equal((await server.request('DELETE', `/api/v1/tasks/${id}`)).status, 204);
  assert.equal((await server.get(`/api/v1/tasks/${id}`)).status, 404);
  await until(() => server.audioFiles().length === 0, {what: 'the erasure of the files', limitMs: 20_000});
});

test('a second server on the same data directory refuses to start', async t => {
  const server = await Server.start(t);
  const second = new Server({data_dir: server.dataDir});
  t.after(() => second.destroy());
  await assert.rejects(second.start());
  assert.notEqual((await second.exited).code, 0);
  assert.equal((await server.get('/livez')).status, 200);
});

test('a worker that is replaced works with the configuration the server started with', async t => {
  const server = await Server.start(t);
  const elsewhere = path.join(server.folder, 'elsewhere');
  writeFileSync(path.join(server.folder, 'msst.yaml'), `data_dir: ${elsewhere}\nmodels_dir: ${elsewhere}\n`);
  const [old] = await until(() => server.workers().length === 1 && server.workers(), {what: 'the first worker'});
  process.kill(old, 'SIGKILL');
  await server.completed(await server.task(makeWav({seconds: 1})));
  assert.ok(!server.workers().includes(old));
  assert.ok(!existsSync(elsewhere), 'nobody has looked into the changed file');
});

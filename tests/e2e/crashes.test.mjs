// What happens when processes die or are told to stop in the middle of a task.
import assert from 'node:assert/strict';
import {existsSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {makeLongWav, makeWav} from './support/audio.mjs';
import {Server, until} from './support/server.mjs';

// Where the end of real work is the point, a long song is met in the middle. Else a simulated device holds a short one.
const long = makeLongWav();
const short = makeWav({seconds: 0.5});

const running = (server, id) => until(async () => {
  const task = await server.status(id);
  assert.notEqual(task.status, 'completed', 'the song is too short for this test; set MSST_E2E_LONG_SECONDS');
  return task.status === 'processing' && task.progress >= 1 && task;
}, {stepMs: 20, what: 'progress of the task'});

test('a task whose worker is killed is taken up by the next one and completes', async t => {
  const server = await Server.start(t);
  const seconds = 30;
  const id = await server.task(makeLongWav(seconds), {instruments: 'vocals'});
  await running(server, id);
  const [victim] = server.workers();
  assert.ok(victim, 'there is a worker process');
  process.kill(victim, 'SIGKILL');
  const task = await server.completed(id);
  assert.equal(task.attempts, 2);
  assert.ok(!server.workers().includes(victim));
  assert.equal((await server.get('/api/v1/metrics')).json().worker_restarts, 1);
  const {results} = await server.download(id);
  assert.equal(results.sources[0].duration_seconds, seconds);
});

test('a task that kills every worker fails, and those behind it complete', async t => {
  const server = await Server.startHeld(t, undefined, {max_attempts: 2});
  const poison = await server.task(short, {instruments: 'vocals'});
  const good = [];
  for (let attempt = 1; attempt <= 2; ++attempt) {
    await until(async () => {
      const task = await server.status(poison);
      return task.stage === 'separating' && task.attempts === attempt;
    }, {stepMs: 20, what: `attempt ${attempt}`});
    // Not before the last attempt: a task that was given back waits a moment, and another would take the device.
    if (attempt === 2) for (const stem of ['bass', 'drums']) good.push(await server.task(short, {instruments: stem}));
    for (const worker of server.workers()) process.kill(worker, 'SIGKILL');
  }
  server.release();
  await server.final(poison);
  const {error, attempts} = await server.status(poison);
  assert.deepEqual([error.code, attempts], ['worker_crashed', 2]);
  const gone = await server.get(`/api/v1/tasks/${poison}/results`);
  assert.equal(gone.status, 410);
  assert.ok(gone.json().message.includes(error.message));
  for (const id of good) assert.equal((await server.completed(id)).attempts, 1);
});

test('a task that is running has no results yet, and the ones behind it wait in their order', async t => {
  const server = await Server.startHeld(t);
  const ids = [await server.task(short, {instruments: 'vocals'})];
  await server.separating(ids[0]);
  for (let i = 0; i < 3; ++i) ids.push(await server.task(short, {instruments: 'bass'}));
  for (const [i, id] of ids.entries()) {
    const task = await server.status(id);
    assert.deepEqual([task.status, task.queue_position], i === 0 ? ['processing', null] : ['pending', i - 1]);
    const early = await server.get(`/api/v1/tasks/${id}/results`);
    assert.deepEqual([early.status, early.json().code], [409, 'task_not_completed']);
    assert.ok(Number(early.headers.get('retry-after')) >= 1);
  }
  const metrics = (await server.get('/api/v1/metrics')).json();
  assert.deepEqual([metrics.active_tasks, metrics.queued_tasks], [1, 3]);
  server.release();
  const tasks = [];
  for (const id of ids) tasks.push(await server.completed(id));
  const begins = tasks.map(task => task.started_at);
  assert.deepEqual(begins, [...begins].sort());
});

test('fifty times at once, a task is deleted once and downloads of it are whole or refused', async t => {
  const server = await Server.start(t);
  const id = await server.task(short, {instruments: 'bass'});
  await server.completed(id);
  const {sources: [{url, size_bytes: size}]} = (await server.get(`/api/v1/tasks/${id}/results`)).json();
  const answers = await Promise.all(Array.from({length: 50}, (_, i) =>
    (i % 2 ? server.request('DELETE', `/api/v1/tasks/${id}`) : server.get(url))));
  for (const [i, answer] of answers.entries()) {
    assert.ok((i % 2 ? [204, 404] : [200, 404, 410]).includes(answer.status), String(answer.status));
    if (answer.status === 200) assert.equal(answer.body.length, size);
  }
  assert.ok(answers.some(answer => answer.status === 204));
  await until(() => server.audioFiles().length === 0, {what: 'the erasure of the files'});
});

test('a second signal ends a draining server at once, and its task is taken up again', async t => {
  const server = await Server.startHeld(t, undefined, {drain_seconds: 3600});
  const id = await server.task(short);
  await server.separating(id);
  server.process.kill('SIGTERM');
  await until(() => server.log().some(entry => entry.event === 'draining'), {what: 'the begin of the drain'});
  assert.equal((await server.get('/readyz')).status, 503);
  const {code} = await server.stop();  // the task is held: without a second signal this would take an hour
  assert.equal(code, 1);
  server.release();
  await server.start();
  await server.completed(id);
});

test('tasks of a killed server are completed by the next one, in their order', async t => {
  // One lost worker would fail a task: the end of its server does not count as one.
  const server = await Server.startHeld(t, [{name: 'one'}], {max_attempts: 1});
  const ids = [await server.task(short, {instruments: 'vocals'}), await server.task(short, {instruments: 'bass'})];
  await server.separating(ids[0]);
  await server.kill();
  server.release();
  await server.start();
  const tasks = [];
  for (const id of ids) tasks.push(await server.completed(id));
  assert.equal(tasks[0].attempts, 2);
  assert.ok(tasks[0].completed_at <= tasks[1].completed_at);
  for (const id of ids) await server.download(id);
});

test('a stopped server lets its task finish, and ends with 0', async t => {
  const server = await Server.startHeld(t, undefined, {drain_seconds: 3600});
  const id = await server.task(short);
  await server.separating(id);
  const stopped = server.stop();
  await until(() => server.log().some(entry => entry.event === 'draining'), {what: 'the begin of the drain'});
  server.release();
  const {code, signal} = await stopped;
  assert.deepEqual([code, signal], [0, null], server.stderr);
  await server.start();
  assert.equal((await server.status(id)).status, 'completed');
});

test('a stopped server gives back a task that does not finish in time, and ends with 0', async t => {
  const server = await Server.start(t, {drain_seconds: 1});
  const id = await server.task(long, {use_tta: 'true'});
  await running(server, id);
  const {code, signal} = await server.stop();
  assert.deepEqual([code, signal], [0, null], server.stderr);
  await server.start();
  await running(server, id);
});

test('a running task can be cancelled, and its id is of no use for results', async t => {
  const server = await Server.start(t);
  const id = await server.task(long, {use_tta: 'true'});
  await running(server, id);
  const answer = await server.request('POST', `/api/v1/tasks/${id}/cancel`);
  assert.equal(answer.status, 202);
  const task = await server.final(id);
  assert.equal(task.status, 'cancelled');
  assert.equal((await server.get(`/api/v1/tasks/${id}/results`)).status, 410);
  assert.equal((await server.request('POST', `/api/v1/tasks/${id}/cancel`)).status, 409);
});

test('a running task can be deleted, with all its files', async t => {
  const server = await Server.start(t);
  const id = await server.task(long, {use_tta: 'true'});
  await running(server, id);
  assert.equal((await server.request('DELETE', `/api/v1/tasks/${id}`)).status, 204);
  assert.equal((await server.get(`/api/v1/tasks/${id}`)).status, 404);
  await until(() => server.audioFiles().length === 0, {what: 'the erasure of the files'});
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

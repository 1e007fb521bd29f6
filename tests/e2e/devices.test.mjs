// Which task runs where: one after the other on a processor, spread over devices by their memory, and away from a
// device that hangs. The devices are simulated; server, workers and HTTP are real.
import assert from 'node:assert/strict';
import {cpSync, mkdirSync, readFileSync, readdirSync, readlinkSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {test} from 'node:test';
import {isDeepStrictEqual} from 'node:util';
import {makeLongWav, makeWav} from './support/audio.mjs';
import {Server, until} from './support/server.mjs';

const kGoldens = fileURLToPath(new URL('../data/goldens/', import.meta.url));
const song = makeWav({seconds: 1});

const metrics = async server => (await server.get('/api/v1/metrics')).json();
const busyDevices = async server => (await metrics(server)).workers.filter(worker => worker.state === 'busy').map(worker => worker.device).sort();

// Waits until what the server is told by its workers is as `wanted`: their word takes another way than the status of a task.
const becomes = (look, wanted, what) => until(async () => isDeepStrictEqual(await look(), wanted), {what});

// The memory that each device told, once all have.
const toldMemory = (server, count) => until(async () => {
  const {devices} = await metrics(server);
  return devices.length === count && devices;
}, {what: 'word of every device'});

function installModel(server, name = 'large') {
  const folder = path.join(server.settings.models_dir, name);
  mkdirSync(folder, {recursive: true});
  for (const file of ['config.yaml', 'model.ckpt']) cpSync(path.join(kGoldens, 'bs_roformer-plain', file), path.join(folder, file));
}

test('two devices run two tasks at the same time, the third one waits', async t => {
  const server = await Server.startHeld(t, [{name: 'one'}, {name: 'two'}]);
  const ids = [];
  for (let i = 0; i < 3; ++i) ids.push(await server.task(song));
  for (const id of ids.slice(0, 2)) await server.separating(id);
  await becomes(() => busyDevices(server), ['one', 'two'], 'the work of both devices');
  assert.equal((await server.status(ids[2])).status, 'pending');

  const text = (await server.get('/metrics')).body.toString();
  assert.match(text, /msst_device_memory_bytes\{device="one",state="total"\} 1000000000/);
  assert.match(text, /msst_worker_busy\{device="two",worker="[^"]+"\} 1/);
  server.release();
  for (const id of ids) await server.completed(id);
});

test('a model too large for one device runs on the other, and one too large for all is refused', async t => {
  const probe = new Server();
  t.after(() => probe.destroy());
  installModel(probe);
  await probe.start();
  const {device_bytes: needed} = (await probe.get('/api/v1/models/large')).json();
  assert.ok(needed > 0);
  await probe.stop();

  const server = await Server.startHeld(t, [{name: 'small', memory: needed - 1}, {name: 'big', memory: needed}], {models_dir: probe.settings.models_dir});
  await toldMemory(server, 2);
  const first = await server.task(song, {model_type: 'large'});
  await server.separating(first);
  const second = await server.task(song, {model_type: 'large'});
  const small = await server.task(song);
  await server.separating(small);
  await becomes(() => busyDevices(server), ['big', 'small'], 'the work of both devices');
  assert.equal((await server.status(second)).status, 'pending', 'it fits only where another task runs');
  const place = async () => {
    const {state, devices} = (await server.get('/api/v1/models/large')).json();
    return [state, devices];
  };
  await becomes(place, ['loaded', ['big']], 'word of the loaded model');
  server.release();
  for (const id of [first, second, small]) await server.completed(id);
  await server.stop();

  // What waited for a device that is gone fails with both numbers; what comes anew is refused with them.
  server.hold();
  await server.start();
  await toldMemory(server, 2);
  const running = await server.task(song, {model_type: 'large'});
  await server.separating(running);
  const waiting = await server.task(song, {model_type: 'large'});
  await server.kill();
  server.settings.devices = server.settings.devices.filter(device => device.name === 'small');
  server.release();
  await server.start();
  const failed = await server.final(waiting);
  assert.equal(failed.error.code, 'model_unavailable');
  assert.match(failed.error.message, new RegExp(`${needed}.*${needed - 1}`));
  const refused = await server.submit(song, {model_type: 'large'});
  assert.equal(refused.status, 500);
  assert.equal(refused.json().code, 'model_unavailable');
  assert.match(refused.json().message, new RegExp(`${needed}.*${needed - 1}`));
});

test('a device that hangs loses its worker and the task, which then completes', async t => {
  const server = await Server.startHeld(t, [{name: 'one', fault: 'hang'}],
    {progress_timeout_seconds: 10, lease_seconds: 10, max_attempts: 50});
  const id = await server.task(song);
  await server.separating(id);
  const [hung] = server.workers();
  await until(() => server.log().some(line => line.event === 'worker_hung' && line.task_id === id), {what: 'the discovery of the hang'});
  server.release();
  const task = await server.completed(id);
  assert.ok(task.attempts >= 2, `attempts: ${task.attempts}`);
  assert.ok(!server.workers().includes(hung));
  assert.ok((await metrics(server)).worker_restarts >= 1);
});

// Tasks of the real processor that are running, sampled until all are done.
async function mostAtOnce(server, ids) {
  let most = 0;
  await until(async () => {
    const {active_tasks: active} = await metrics(server);
    most = Math.max(most, active);
    const tasks = await Promise.all(ids.map(id => server.status(id)));
    return tasks.every(task => task.status === 'completed');
  }, {limitMs: 600_000, stepMs: 20, what: 'the end of all tasks'});
  return most;
}

test('a processor takes one task at a time, whatever worker_threads says', async t => {
  for (const settings of [{}, {worker_threads: 3}]) {
    const server = await Server.start(t, settings);
    assert.equal((await metrics(server)).workers.length, 1);
    const ids = [];
    for (let i = 0; i < 3; ++i) ids.push(await server.task(makeWav({seconds: 5}), {instruments: 'vocals'}));
    assert.equal(await mostAtOnce(server, ids), 1);
    const tasks = await Promise.all(ids.map(id => server.status(id)));
    for (let i = 1; i < 3; ++i) assert.ok(tasks[i].started_at >= tasks[i - 1].completed_at, 'one after the other');
  }
});

// What the server told a worker of its configuration, as text.
function toldConfiguration(worker) {
  const folder = `/proc/${worker}/fd`;
  const file = readdirSync(folder).find(fd => {
    try {
      return readlinkSync(path.join(folder, fd)).includes('msst-config');
    } catch {
      return false;
    }
  });
  return readFileSync(path.join(folder, file), 'utf8');
}

test('with allow_cpu_concurrency a processor takes worker_threads tasks at once, and the next one waits', async t => {
  const server = await Server.start(t, {worker_threads: 2, allow_cpu_concurrency: true});
  const long = makeLongWav();
  const ids = [];
  for (let i = 0; i < 3; ++i) ids.push(await server.task(long, {use_tta: 'true'}));
  for (const id of ids.slice(0, 2)) await server.separating(id);
  assert.equal((await server.status(ids[2])).status, 'pending');
  const now = await metrics(server);
  assert.deepEqual([now.active_tasks, now.queued_tasks], [2, 1]);
  const share = Math.max(1, Math.floor(availableParallelism() / 2));
  for (const worker of server.workers()) assert.match(toldConfiguration(worker), new RegExp(`^cpu_threads: ${share}$`, 'm'), 'its part of the cores');
  await server.request('POST', `/api/v1/tasks/${ids[0]}/cancel`);
  await server.separating(ids[2]);  // in the place of the first
});

test('a worker steps back behind the server, for the processor and when memory runs out', async t => {
  const server = await Server.start(t);
  const niceness = pid => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')[16]);
  await toldMemory(server, 1);
  const [worker] = server.workers();
  assert.ok(niceness(worker) > niceness(server.pid));
  const score = pid => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));
  assert.ok(score(worker) > score(server.pid));
});

test('a device that this build cannot use is refused at the start', async t => {
  const server = new Server({devices: ['cuda:7']});
  t.after(() => server.destroy());
  await assert.rejects(server.start());
  assert.notEqual((await server.exited).code, 0);
  assert.match(server.stderr, /devices names cuda:7/);
});

// What becomes of tasks whose workers are killed at random, stopped for five leases, or ended by the kernel for want of
// memory. By hand; the last needs root and a memory control group:
//
//   MSST_BINARY=build/release/msst node tests/e2e/by_hand/worker_kills.mjs [TASKS [KILLS]]
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {makeWav} from '../support/audio.mjs';
import {binary, Server, until} from '../support/server.mjs';

const kTasks = Number(process.argv[2] ?? 100);
const kKills = Number(process.argv[3] ?? 10);
const kLongMs = 3_600_000;

const metrics = async server => (await server.get('/api/v1/metrics')).json();
const ended = async server => { const now = await metrics(server); return now.completed_tasks + now.failed_tasks; };
const stems = server => server.audioFiles().filter(file => file.path.includes('/results/'));
const worksOn = async (server, id) => {
  const task = await server.status(id);
  return task.status === 'processing' && task.progress > 0 && task;
};

async function withServer(settings, options, work) {
  const server = new Server(settings, options);
  try {
    await server.start();
    await work(server);
  } finally {
    await server.destroy();
  }
}

// A hundred tasks; after some of them, wherever it then is, the worker is killed.
await withServer({}, {}, async server => {
  const song = makeWav({seconds: 3});
  const ids = [];
  for (let i = 0; i < kTasks; ++i) ids.push(await server.task(song, {instruments: 'bass'}));
  const moments = Array.from({length: kKills}, () => Math.floor(Math.random() * kTasks)).sort((a, b) => a - b);
  let kills = 0;
  for (const moment of moments) {
    await until(async () => await ended(server) >= moment, {limitMs: kLongMs, stepMs: 20, what: `the end of ${moment} tasks`});
    await sleep(Math.random() * 500);
    const [victim] = await until(() => server.workers().length > 0 && server.workers(), {what: 'a worker'});
    process.kill(victim, kills++ % 2 ? 'SIGKILL' : 'SIGSEGV');
    await until(() => !server.workers().includes(victim), {what: 'its end'});
  }
  await until(async () => await ended(server) === kTasks, {limitMs: kLongMs, stepMs: 200, what: 'the end of all tasks'});
  let retried = 0, most = 0;
  for (const id of ids) {
    const {attempts} = await server.completed(id);
    most = Math.max(most, attempts);
    retried += attempts - 1;
  }
  assert.ok(most <= 3);
  assert.equal((await metrics(server)).worker_restarts, kKills);
  await until(() => server.audioFiles().length === kTasks, {what: 'one stem for each task and nothing else'});
  console.log(`${kTasks} tasks completed once each under ${kKills} kills; ${retried} were taken up again, none more than ${most - 1} times`);
});

// A worker is stopped for five leases: the server's own is replaced. One that it does not watch comes back when another has
// done its task, and publishes nothing.
const kLeaseSeconds = 2;
await withServer({lease_seconds: kLeaseSeconds}, {}, async server => {
  const id = await server.task(makeWav({seconds: 60}), {instruments: 'vocals', use_tta: 'true'});
  await until(() => worksOn(server, id), {what: 'progress'});
  const [stopped] = server.workers();
  process.kill(stopped, 'SIGSTOP');
  const begin = performance.now();
  await until(() => !server.workers().includes(stopped), {limitMs: kLongMs, what: 'the end of the stopped worker'});
  const seconds = (performance.now() - begin) / 1000;
  assert.equal((await server.completed(id, {limitMs: kLongMs})).attempts, 2);
  console.log(`a stopped worker was replaced after ${seconds.toFixed(1)} s with leases of ${kLeaseSeconds} s, and its task completed`);

  const busy = await server.task(makeWav({seconds: 120}), {instruments: 'vocals', use_tta: 'true'});
  await until(() => worksOn(server, busy), {what: 'progress'});
  let said = '';
  const zombie = spawn(binary, ['worker', ...server.writeConfig()], {cwd: server.folder, stdio: ['ignore', 'pipe', 'inherit']});
  try {
    zombie.stdout.on('data', text => { said += text; });
    const taken = await server.task(makeWav({seconds: 60}), {instruments: 'vocals', use_tta: 'true'});
    await until(() => worksOn(server, taken), {what: 'progress by the other worker'});
    zombie.kill('SIGSTOP');
    await sleep(5 * kLeaseSeconds * 1000);
    const task = await server.completed(taken, {limitMs: kLongMs});
    assert.equal(task.attempts, 2);
    const sums = async () => Object.values((await server.download(taken)).files).map(file => createHash('sha256').update(file).digest('hex'));
    const before = await sums();
    zombie.kill('SIGCONT');
    await until(() => said.includes('"lease_lost"'), {what: 'its insight'});
    assert.deepEqual(await sums(), before);
    assert.deepEqual(await server.status(taken), task);
    await until(() => stems(server).every(file => !file.path.includes(`${taken}/1/`)), {what: 'the erasure of what it had begun'});
  } finally {
    zombie.kill('SIGKILL');
  }
  await server.completed(busy, {limitMs: kLongMs});
  console.log('a worker that woke after five leases found its task done by another, erased its own files and changed nothing');
});

// Server and workers in a control group with too little memory for any song.
const group = `/sys/fs/cgroup/memory/msst-${process.pid}`;
const control = file => path.join(group, file);
if (!existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes')) {
  console.log('there is no memory control group here; not tried: the end of a worker by the kernel');
} else {
  mkdirSync(group);
  try {
    await withServer({}, {prefix: ['sh', '-c', 'echo $$ > "$0"; exec "$@"', control('cgroup.procs')]}, async server => {
      await until(() => server.workers().length === 1, {what: 'a worker'});
      await server.completed(await server.task(makeWav({seconds: 1})));
      const peak = Number(readFileSync(control('memory.max_usage_in_bytes'), 'utf8'));
      const worker = () => server.workers()[0];
      const unlimited = readFileSync(control('memory.limit_in_bytes'), 'utf8').trim();
      const resident = pid => Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
      // What both need at rest, and a little.
      process.kill(worker(), 'SIGKILL');
      await until(() => worker(), {what: 'a fresh worker'});
      await until(async () => (await metrics(server)).workers.every(({state}) => state === 'idle'), {what: 'an idle worker'});
      writeFileSync(control('memory.force_empty'), '0');
      const limit = resident(server.pid) + resident(await until(worker, {what: 'that worker'})) + 12_000_000;
      const id = await server.task(makeWav({seconds: 120}), {use_tta: 'true'});
      writeFileSync(control('memory.limit_in_bytes'), String(limit));
      const task = await server.final(id, {limitMs: kLongMs});
      assert.deepEqual([task.status, task.error?.code], ['failed', 'worker_crashed'], JSON.stringify(task));
      const killed = /oom_kill (\d+)/.exec(readFileSync(control('memory.oom_control'), 'utf8'))?.[1];
      assert.ok(server.log().some(entry => entry.event === 'worker_ended' && /9|KILL/.test(entry.status)));
      writeFileSync(control('memory.limit_in_bytes'), unlimited);
      await server.completed(await server.task(makeWav({seconds: 1})));
      console.log(`with ${(limit / 1e6).toFixed(0)} MB for server and worker, which had used ${(peak / 1e6).toFixed(0)}, the kernel ended`
        + ` ${killed} workers; the task failed with worker_crashed after ${task.attempts} attempts, the server lived, the next task completed`);
    });
  } finally {
    await sleep(1000);
    rmdirSync(group);
  }
}

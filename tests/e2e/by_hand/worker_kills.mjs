// Many tasks while the workers are killed again and again, by SIGKILL and by SIGSEGV. By hand:
//
//   MSST_BINARY=build/release/msst node tests/e2e/by_hand/worker_kills.mjs [TASKS]
import assert from 'node:assert/strict';
import {setTimeout as sleep} from 'node:timers/promises';
import {makeWav} from '../support/audio.mjs';
import {Server, until} from '../support/server.mjs';

const kTasks = Number(process.argv[2] ?? 100);
const server = new Server({max_attempts: 100});
let kills = 0, over = false;

async function killNowAndThen() {
  while (!over) {
    await sleep(500 + Math.random() * 4000);
    for (const pid of server.workers()) {
      try {
        process.kill(pid, Math.random() < 0.5 ? 'SIGKILL' : 'SIGSEGV');
        ++kills;
      } catch { /* it ended by itself */ }
    }
  }
}

try {
  await server.start();
  const song = makeWav({seconds: 8});
  const ids = [];
  for (let i = 0; i < kTasks; ++i) ids.push(await server.task(song, {instruments: 'bass'}));
  const killer = killNowAndThen();
  await until(async () => {
    const metrics = (await server.get('/api/v1/metrics')).json();
    return metrics.completed_tasks + metrics.failed_tasks >= kTasks;
  }, {limitMs: 1_800_000, stepMs: 500, what: 'the end of all tasks'});
  over = true;
  await killer;
  let attempts = 0;
  for (const id of ids) attempts = Math.max(attempts, (await server.completed(id)).attempts);
  await until(() => server.audioFiles().length === kTasks, {what: 'one stem for each task and nothing else'});
  console.log(`${kTasks} tasks completed once each, ${kills} kills, at most ${attempts} attempts`);
  assert.ok(kills > 0);
} finally {
  over = true;
  await server.destroy();
}

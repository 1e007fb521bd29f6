// The wall clock of a running server jumps two days forward, then two days back, while a task runs. By hand:
//
//   apt-get install faketime
//   MSST_BINARY=build/release/msst node tests/e2e/by_hand/clock_jump.mjs [libfaketimeMT.so.1]
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {makeWav} from '../support/audio.mjs';
import {Server, until} from '../support/server.mjs';

const kLibrary = process.argv[2] ?? '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';
const kSweepMs = 70_000;  // the janitor's interval, and some more
const kEvents = /expired|reaped|lost/;

const server = new Server({enable_rate_limit: true, requests_per_hour: 100_000});
const clock = path.join(server.folder, 'clock');
Object.assign(server.environment, {LD_PRELOAD: kLibrary, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1'});
const set = jump => writeFileSync(clock, jump);

try {
  set('+0d');
  await server.start();
  const finished = await server.task(makeWav({seconds: 1}));
  await server.completed(finished);
  for (const jump of ['+2d', '-2d']) {
    set('+0d');
    const id = await server.task(makeWav({seconds: 240}), {use_tta: 'true'});
    await until(async () => (await server.status(id)).progress > 2, {limitMs: 300_000, what: 'progress'});
    set(jump);
    const answer = await server.get('/livez');
    await sleep(kSweepMs);
    const task = await server.completed(id, {limitMs: 600_000});
    assert.equal(task.attempts, 1, 'the lease held');
    assert.equal((await server.get(`/api/v1/tasks/${finished}/results`)).status, 200, 'nothing expired');
    await server.completed(await server.task(makeWav({seconds: 1})));
    console.log(`${jump}: ${answer.headers.get('date')}, ${answer.headers.get('x-ratelimit-remaining')} requests left, one attempt, results there`);
  }
  assert.deepEqual(server.log().filter(entry => kEvents.test(entry.event)), []);
} finally {
  await server.destroy();
}

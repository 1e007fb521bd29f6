// How long a network of published size says nothing, how soon it stops, and what it holds in memory. By hand; a folder of models, and a
// model in it (bench/random_checkpoint.py makes up weights):
//
//   MSST_BINARY=build/release/msst node tests/e2e/by_hand/progress.mjs models/ bs_roformer
import {readFileSync} from 'node:fs';
import {makeWav} from '../support/audio.mjs';
import {Server, until} from '../support/server.mjs';

const [models_dir, model_type] = process.argv.slice(2);
if (!model_type) throw new Error('which folder of models, and which model?');
const kStepMs = 50;
const server = new Server({models_dir});
const peak = pid => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

// Calls see(task, milliseconds since the progress last moved) until the task has ended.
async function watch(id, see) {
  let moved = performance.now(), progress = 0;
  await until(async () => {
    const task = await server.status(id);
    const now = performance.now();
    if (progress > 0) await see(task, now - moved);  // loading the model is before
    if (task.progress !== progress) [moved, progress] = [now, task.progress];
    return ['completed', 'failed', 'cancelled'].includes(task.status);
  }, {limitMs: 3_600_000, stepMs: kStepMs, what: 'the end of the task'});
}

try {
  await server.start();
  const song = makeWav({seconds: 2});
  let longest = 0;
  const whole = await server.task(song, {model_type});
  await watch(whole, (task, silent) => {
    if (task.status === 'processing') longest = Math.max(longest, silent);
  });
  await server.completed(whole);
  const [worker] = server.workers();
  console.log(`${model_type}: progress stood still for ${(longest / 1000).toFixed(2)} s at most; ${peak(worker).toFixed(0)} MiB in the worker`);

  const half = await server.task(song, {model_type});
  let asked = 0;
  await watch(half, async task => {
    if (!asked && task.progress > 10) {
      asked = performance.now();
      await server.request('POST', `/api/v1/tasks/${half}/cancel`);
    }
  });
  // The state is `cancelled` at once; the worker is free when it takes the next task.
  const next = await server.task(makeWav({seconds: 1}), {model_type: 'dsp'});
  await until(async () => (await server.status(next)).status !== 'pending', {stepMs: kStepMs, what: 'the next task'});
  console.log(`${model_type}: the worker took its next task ${((performance.now() - asked) / 1000).toFixed(2)} s after the cancellation was asked for`);
} finally {
  await server.destroy();
}

// Ten small files at once that hold a day of silence and declare ten seconds. By hand; ffmpeg needs a minute or two to make one:
//
//   MSST_BINARY=build/release/msst node tests/e2e/by_hand/bombs.mjs
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {makeWav} from '../support/audio.mjs';
import {Server, until} from '../support/server.mjs';

const kBombs = 10;
const kRate = 8000;
const server = new Server({max_audio_hours: 0.2});

const peak = pid => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
const stored = () => server.audioFiles().reduce((bytes, file) => bytes + file.size, 0) / 1e6;

try {
  await server.start();
  const file = path.join(server.folder, 'silence.flac');
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `anullsrc=r=${kRate}:cl=mono`, '-t', '86400', '-c:a', 'flac', '-frame_size', '65535', file]);
  const bomb = readFileSync(file);
  bomb.writeUInt32BE(10 * kRate, 22);
  bomb[21] &= 0xf0;
  const ids = await Promise.all(Array.from({length: kBombs}, () => server.task(bomb, {}, {name: 'silence.flac'})));
  const good = await server.task(makeWav({seconds: 5}));
  const [worker] = server.workers();
  let mostStored = 0;
  await until(async () => {
    mostStored = Math.max(mostStored, stored());
    return ['completed', 'failed'].includes((await server.status(good)).status);
  }, {limitMs: 3_600_000, stepMs: 100, what: 'the end of the good one'});
  for (const id of ids) assert.equal((await server.status(id)).error?.code, 'audio_too_long');
  await server.completed(good);
  assert.deepEqual(server.workers(), [worker], 'the same worker');
  console.log(`${kBombs} files of ${(bomb.length / 1000).toFixed(0)} kB: each audio_too_long, the one behind them completed; at most`
    + ` ${peak(worker).toFixed(0)} MiB of memory in the worker, ${peak(server.pid).toFixed(0)} MiB in the server, ${mostStored.toFixed(0)} MB on the disk`);
} finally {
  await server.destroy();
}

// Audio for the tests: made here, encoded by ffmpeg, decoded again to numbers.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';

// Plain 16-bit WAV of tones and a soft rhythm, each channel its own.
export function makeWav({seconds = 2, rate = 44100, channels = 2} = {}) {
  const frames = Math.round(seconds * rate);
  const data = Buffer.alloc(frames * channels * 2);
  for (let i = 0; i < frames; ++i) {
    const t = i / rate;
    const beat = Math.exp(-12 * (t % 0.5)) * Math.sin(2 * Math.PI * 70 * t);
    for (let c = 0; c < channels; ++c) {
      const tone = 0.25 * Math.sin(2 * Math.PI * (330 + 110 * c) * t) + 0.1 * Math.sin(2 * Math.PI * 2200 * t + c);
      data.writeInt16LE(Math.round(32767 * 0.8 * (tone + 0.4 * beat)), 2 * (i * channels + c));
    }
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}

export const kLongSeconds = Number(process.env.MSST_E2E_LONG_SECONDS ?? 120);

// A song that a processor is busy with for long enough to be met in the middle, in a small file.
export const makeLongWav = (seconds = kLongSeconds) => makeWav({seconds, rate: 8000, channels: 1});

function inFolder(work) {
  const folder = mkdtempSync(path.join(tmpdir(), 'msst-audio-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

function ffmpeg(...options) {
  const run = spawnSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...options], {maxBuffer: 1 << 30});
  assert.equal(run.status, 0, `ffmpeg ${options.join(' ')}: ${run.error ?? run.stderr}`);
  return run.stdout;
}

// The bytes of `wav` in another format; `name` ends as the format does.
export function encode(wav, name, ...options) {
  return inFolder(folder => {
    writeFileSync(path.join(folder, 'in.wav'), wav);
    ffmpeg('-i', path.join(folder, 'in.wav'), ...options, path.join(folder, name));
    return readFileSync(path.join(folder, name));
  });
}

// FLAC that is longer than its header says. The total number of samples is the last 36 bits before the checksum of the
// STREAMINFO block, which follows the 4 bytes of the mark and the 4 of the block's own header.
export function boundlessFlac({seconds, declared, rate = 44100}) {
  const bytes = encode(makeWav({seconds, rate}), 'a.flac');
  bytes.writeUInt32BE(declared * rate, 22);
  bytes[21] &= 0xf0;
  return bytes;
}

// Interleaved samples, as `rate` and `channels` if given, else as the file has them.
export function decode(bytes, {rate, channels} = {}) {
  return inFolder(folder => {
    const file = path.join(folder, 'in');
    writeFileSync(file, bytes);
    const options = [...(rate ? ['-ar', rate] : []), ...(channels ? ['-ac', channels] : [])].map(String);
    const raw = ffmpeg('-i', file, ...options, '-f', 'f32le', '-');
    return new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
  });
}

// What ffprobe says of the first stream.
export function probe(bytes) {
  return inFolder(folder => {
    const file = path.join(folder, 'in');
    writeFileSync(file, bytes);
    const run = spawnSync('ffprobe', ['-v', 'error', '-show_streams', '-show_format', '-of', 'json', file]);
    assert.equal(run.status, 0, String(run.stderr));
    const {streams, format} = JSON.parse(run.stdout);
    return {...streams[0], format_name: format.format_name};
  });
}

export function largestDifference(a, b) {
  assert.equal(a.length, b.length, 'the number of samples differs');
  let largest = 0;
  for (let i = 0; i < a.length; ++i) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

export function sum(tracks) {
  const total = new Float32Array(tracks[0].length);
  for (const track of tracks) {
    assert.equal(track.length, total.length, 'the sources differ in length');
    for (let i = 0; i < total.length; ++i) total[i] += track[i];
  }
  return total;
}

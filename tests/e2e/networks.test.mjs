// Networks from a models folder: files of MSST's in, MSST's own results out, over HTTP.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {after, before, describe, test} from 'node:test';
import {decode} from './support/audio.mjs';
import {binary, Server} from './support/server.mjs';

const kGoldens = fileURLToPath(new URL('../data/goldens/', import.meta.url));
// Float32 on a processor against PyTorch: sums in another order.
const kTolerance = 2e-5;
const kBrokenModel = 'half_a_file';

// One line per family: its name, a golden case with whole songs and the stems of that.
const families = [
  {name: 'bs_roformer', folder: 'bs_roformer-plain', stems: ['vocals']},
  {name: 'mel_band_roformer', folder: 'mel_band_roformer-plain', stems: ['vocals']},
  {name: 'mdx23c', folder: 'mdx23c-instance', stems: ['vocals', 'other']},
  {name: 'scnet', folder: 'scnet-small', stems: ['drums', 'bass', 'other', 'vocals']},
  {name: 'htdemucs', folder: 'htdemucs-4stem', stems: ['drums', 'bass', 'other', 'vocals'], rate: 8000},
];
// Families of which MSST's result is at hand for one chunk only, `forward`. With num_overlap 1 a song as long as a chunk
// is that chunk, padded with nothing; MSST's loop then returns what the network gave, but for the last frame: there the
// window's fade-out is 0, and 0 / 0 counts as silence. The Demucs family has no window. `type`: where the keys of
// config.yaml do not tell it (scnet_masked looks like scnet) or the name is not one of MSST's types.
const chunkFamilies = [
  {name: 'bs_conformer', stems: ['vocals']},
  {name: 'mel_band_conformer', stems: ['vocals']},
  {name: 'scnet_masked', stems: ['drums', 'bass', 'other', 'vocals'], type: 'scnet_masked'},
  {name: 'scnet_tran', stems: ['drums', 'bass', 'other', 'vocals']},
  {name: 'hdemucs', stems: ['drums', 'bass', 'other', 'vocals'], rate: 8000, type: 'htdemucs'},
  {name: 'apollo', stems: ['restored']},
];

const goldenOf = name => path.join(kGoldens, families.find(family => family.name === name).folder);

// {name: {shape, data}} of float32 tensors.
function readTensors(file) {
  const bytes = readFileSync(file);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const {__metadata__, ...header} = JSON.parse(bytes.subarray(8, 8 + headerLength));
  return Object.fromEntries(Object.entries(header).map(([name, {shape, data_offsets: [begin, end]}]) => {
    const start = bytes.byteOffset + 8 + headerLength;
    return [name, {shape, data: new Float32Array(bytes.buffer.slice(start + begin, start + end))}];
  }));
}

// One stem of [stems, channels, frames].
function stemOf({shape: [, channels, frames], data}, stem) {
  const size = channels * frames;
  return {shape: [channels, frames], data: data.slice(stem * size, (stem + 1) * size)};
}

function interleave({shape: [channels, frames], data}) {
  const samples = new Float32Array(channels * frames);
  for (let c = 0; c < channels; ++c)
    for (let i = 0; i < frames; ++i) samples[i * channels + c] = data[c * frames + i];
  return samples;
}

// A WAV file of 32-bit floats.
function floatWav(tensor, rate = 44100) {
  const channels = tensor.shape[0];
  const data = Buffer.from(interleave(tensor).buffer);
  const header = Buffer.alloc(58);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(50 + data.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(18, 16);
  header.writeUInt16LE(3, 20);  // floats
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * channels * 4, 28);
  header.writeUInt16LE(channels * 4, 32);
  header.writeUInt16LE(32, 34);
  header.write('fact', 38, 'latin1');
  header.writeUInt32LE(4, 42);
  header.writeUInt32LE(tensor.shape[1], 46);
  header.write('data', 50, 'latin1');
  header.writeUInt32LE(data.length, 54);
  return Buffer.concat([header, data]);
}

function relativeError(ours, golden) {
  assert.equal(ours.length, golden.length, 'the number of samples differs');
  let difference = 0;
  let size = 0;
  for (let i = 0; i < golden.length; ++i) {
    difference += (ours[i] - golden[i]) ** 2;
    size += golden[i] ** 2;
  }
  return Math.sqrt(difference / size);
}

describe('a network from the models folder', () => {
  const server = new Server({precision: 'float32'});
  before(async () => {
    for (const {name, folder} of families) {
      const target = path.join(server.settings.models_dir, name);
      mkdirSync(target, {recursive: true});
      for (const file of ['config.yaml', 'model.ckpt']) cpSync(path.join(kGoldens, folder, file), path.join(target, file));
    }
    for (const {name, type} of chunkFamilies) {
      const target = path.join(server.settings.models_dir, name);
      cpSync(path.join(kGoldens, name), target, {recursive: true, filter: file => !file.endsWith('golden.safetensors')});
      const config = readFileSync(path.join(target, 'config.yaml'), 'utf8').replace(/num_overlap: \d+/, 'num_overlap: 1');
      writeFileSync(path.join(target, 'config.yaml'), type ? config.replace('training:\n', `$&  model_type: ${type}\n`) : config);
    }
    const broken = path.join(server.settings.models_dir, kBrokenModel);
    cpSync(path.join(server.settings.models_dir, 'bs_roformer'), broken, {recursive: true});
    truncateSync(path.join(broken, 'model.ckpt'), 700_000);
    await server.start();
  });
  after(() => server.destroy());

  // Separates `mix` and holds every stem against goldenOf(stem, index), interleaved.
  async function separateAndCompare(name, mix, rate, stems, options, goldenOf) {
    const id = await server.task(floatWav(mix, rate), {model_type: name, output_format: 'wav', pcm_type: 'FLOAT', ...options});
    await server.completed(id);
    const {files} = await server.download(id);
    assert.deepEqual(Object.keys(files).sort(), [...stems].sort());
    for (const [index, stem] of stems.entries()) {
      const error = relativeError(decode(files[stem]), goldenOf(stem, index));
      assert.ok(error <= kTolerance, `the relative error of ${stem} is ${error}`);
    }
  }

  async function checkFacts(name, architecture, stems, rate, chunkFrames) {
    const model = (await server.get(`/api/v1/models/${name}`)).json();
    assert.equal(model.architecture, architecture);
    assert.deepEqual(model.instruments, stems);
    assert.equal(model.sample_rate, rate);
    assert.ok(Math.abs(model.chunk_seconds - chunkFrames / rate) < 1e-9);
    for (const field of ['parameters', 'checkpoint_bytes', 'num_overlap', 'device_bytes', 'gflop_per_second_of_audio'])
      assert.ok(model[field] > 0, `${field} is ${model[field]}`);
    // The server was told to keep weights as float32.
    assert.ok(model.device_bytes >= 4 * model.parameters, `${model.device_bytes} bytes for ${model.parameters} parameters`);
  }

  for (const {name, folder, stems, rate = 44100} of families) {
    const tensors = readTensors(path.join(kGoldens, folder, 'golden.safetensors'));
    const songs = [
      ['separates as MSST does', 'mix', {}, 'demix'],
      ['separates a song shorter than a chunk as MSST does', 'mix_short', {}, 'demix_short'],
    ];
    // Three passes, the same for every family: tests/parity/demix_test.cpp has the others'.
    if (name === families[0].name) songs.push(['augments as MSST does', 'mix', {use_tta: 'true'}, 'tta']);
    for (const [what, mix, options, golden] of songs)
      test(`${name}: ${what}`, () => separateAndCompare(name, tensors[mix], rate, stems, options,
        stem => interleave(tensors[`${golden}.${stem}`])));

    test(`${name}: tells what it needs`, () => checkFacts(name, name, stems, rate, tensors.input.shape[1]));
  }

  for (const {name, stems, rate = 44100, type = name} of chunkFamilies) {
    const {input, forward} = readTensors(path.join(kGoldens, name, 'golden.safetensors'));
    test(`${name}: gives the network's own result for a song of one chunk`, () =>
      separateAndCompare(name, input, rate, stems, {}, (stem, index) => {
        const samples = interleave(stemOf(forward, index));
        return type === 'htdemucs' ? samples : samples.fill(0, samples.length - input.shape[0]);
      }));

    test(`${name}: tells what it needs`, () => checkFacts(name, type, stems, rate, input.shape[1]));
  }

  test('a damaged checkpoint is found at start: 500, and named in the log only', async () => {
    const answer = await server.submit(floatWav({shape: [1, 4410], data: new Float32Array(4410)}), {model_type: kBrokenModel});
    assert.equal(answer.status, 500);
    assert.equal(answer.json().code, 'model_unavailable');
    assert.ok(!answer.body.toString().includes(server.folder));
    assert.ok(server.stderr.includes(`${kBrokenModel}: `), server.stderr);
    const list = (await server.get('/api/v1/models')).json().models.map(model => model.model_type);
    assert.ok(!list.includes(kBrokenModel));
  });

  test('the command line gives the same with MSST\'s own flags', () => {
    const tensors = readTensors(path.join(goldenOf('bs_roformer'), 'golden.safetensors'));
    const song = path.join(server.folder, 'song.wav');
    const stems = path.join(server.folder, 'stems');
    writeFileSync(song, floatWav(tensors.mix));
    const run = spawnSync(binary, ['separate', '--model_type', 'bs_roformer',
      '--config_path', path.join(goldenOf('bs_roformer'), 'config.yaml'),
      '--start_check_point', path.join(goldenOf('bs_roformer'), 'model.ckpt'),
      '--store_dir', stems, '--pcm_type', 'FLOAT', '--force_cpu', song],
      {cwd: server.folder, encoding: 'utf8', env: {...process.env, MSST_PRECISION: 'float32'}});
    assert.equal(run.status, 0, run.stderr);
    const error = relativeError(decode(readFileSync(path.join(stems, 'song', 'vocals.wav'))), interleave(tensors['demix.vocals']));
    assert.ok(error <= kTolerance, `the relative error is ${error}`);
  });
});

// The main job: a file goes in, its sources come out.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {before, after, describe, test} from 'node:test';
import {decode, encode, largestDifference, makeLongWav, makeWav, probe, sum} from './support/audio.mjs';
import {Server} from './support/server.mjs';

const kSeconds = 2;
const wav = makeWav({seconds: kSeconds});
// One step of 24 bits per source, and the rounding of the sum.
const kSumTolerance = 5 / (1 << 23);

describe('a separation', () => {
  const server = new Server();
  before(() => server.start());
  after(() => server.destroy());

  // Several times, since on a busy machine other programs may hold up some answers.
  test('is answered with a task within two seconds of the last byte', async () => {
    const times = [], ids = [];
    for (let i = 0; i < 5; ++i) {
      const begin = performance.now();
      const answer = await server.submit(wav, {instruments: 'bass'});
      times.push(performance.now() - begin);
      assert.equal(answer.status, 201);
      const {task_id, status_url, results_url} = answer.json();
      assert.equal(answer.headers.get('location'), status_url);
      assert.equal(status_url, `/api/v1/tasks/${task_id}`);
      assert.equal(results_url, `${status_url}/results`);
      ids.push(task_id);
    }
    assert.ok(Math.min(...times) < 2000, `they took ${times.join(', ')} ms`);
    for (const id of ids) await server.completed(id);
  });

  test('gives sources of the input\'s length that add up to it', async () => {
    const id = await server.task(wav, {pcm_type: 'PCM_24'});
    const task = await server.completed(id);
    assert.equal(task.progress, 100);
    assert.equal(task.stage, 'done');
    assert.equal(task.attempts, 1);
    const {results, files} = await server.download(id);
    assert.deepEqual(results.sources.map(source => source.name), task.instruments);
    for (const source of results.sources) {
      assert.equal(source.size_bytes, files[source.name].length);
      assert.equal(source.sha256, createHash('sha256').update(files[source.name]).digest('hex'));
      assert.equal(results.results[source.name], source.url);
      assert.ok(Math.abs(source.duration_seconds - kSeconds) < 1e-6);
      assert.equal(probe(files[source.name]).codec_name, 'pcm_s24le');
    }
    const difference = largestDifference(sum(Object.values(files).map(file => decode(file))), decode(wav));
    assert.ok(difference <= kSumTolerance, `the sum differs by ${difference}`);
  });

  test('tells progress that never goes back', async () => {
    const id = await server.task(makeLongWav(30), {instruments: 'vocals'});
    let last = -1;
    const stages = new Set();
    for (;;) {
      const task = await server.status(id);
      assert.ok(task.progress >= last, `progress went from ${last} to ${task.progress}`);
      last = task.progress;
      stages.add(task.stage);
      if (task.status === 'processing') {
        assert.equal(typeof task.estimated_seconds_remaining, 'number');
        assert.equal(task.queue_position, null);
      }
      if (task.status === 'completed') break;
      assert.ok(['pending', 'processing'].includes(task.status), JSON.stringify(task));
    }
    assert.ok(stages.has('separating'), [...stages].join());
  });

  const formats = {
    'song.wav': [], 'song.flac': [], 'song.mp3': ['-c:a', 'libmp3lame'], 'vorbis.ogg': ['-c:a', 'libvorbis'],
    'opus.ogg': ['-c:a', 'libopus'], 'aac.m4a': ['-c:a', 'aac'], 'alac.m4a': ['-c:a', 'alac'],
  };
  for (const [name, options] of Object.entries(formats))
    test(`takes ${name}`, async () => {
      const bytes = encode(wav, name, ...options);
      const id = await server.task(bytes, {instruments: 'vocals'}, {name});
      const task = await server.completed(id);
      assert.equal(task.input.format, name.split('.').pop());
      assert.equal(task.input.filename, name);
      assert.equal(task.input.size_bytes, bytes.length);
      const {results} = await server.download(id);
      assert.ok(Math.abs(results.sources[0].duration_seconds - kSeconds) < 0.06, String(results.sources[0].duration_seconds));
    });

  test('believes the content, not the name', async () => {
    const id = await server.task(encode(wav, 'a.flac'), {instruments: 'bass'}, {name: 'a.mp3'});
    assert.equal((await server.completed(id)).input.format, 'flac');
  });

  test('writes only the instruments asked for, and the instrumental', async () => {
    const id = await server.task(wav, {instruments: ['drums', 'vocals'], extract_instrumental: 'true', pcm_type: 'FLOAT'});
    await server.completed(id);
    const {files} = await server.download(id);
    assert.deepEqual(Object.keys(files).sort(), ['drums', 'instrumental', 'vocals']);
    assert.equal(probe(files.vocals).codec_name, 'pcm_f32le');
    const difference = largestDifference(sum([decode(files.vocals), decode(files.instrumental)]), decode(wav));
    assert.ok(difference < 1e-6, `vocals and instrumental differ from the mixture by ${difference}`);
  });

  test('writes WAV of 24 bits when nothing else is asked for', async () => {
    const id = await server.task(wav);
    const task = await server.completed(id);
    assert.deepEqual([task.output_format, task.pcm_type], ['wav', 'PCM_24']);
    const {files, results} = await server.download(id);
    for (const {name, filename, content_type: type} of results.sources) {
      assert.deepEqual([filename, type], [`${name}.wav`, 'audio/wav']);
      assert.equal(probe(files[name]).codec_name, 'pcm_s24le');
    }
  });

  for (const [pcm, codec, bits] of [['PCM_16', 'pcm_s16le', 16], ['PCM_24', 'pcm_s24le', 24], ['FLOAT', 'pcm_f32le', 32]])
    test(`writes ${pcm} as WAV`, async () => {
      const id = await server.task(wav, {instruments: 'other', pcm_type: pcm});
      await server.completed(id);
      const {files, results} = await server.download(id);
      assert.equal(results.sources[0].content_type, 'audio/wav');
      const facts = probe(files.other);
      assert.deepEqual([facts.codec_name, facts.bits_per_sample], [codec, bits]);
    });

  for (const [pcm, bits] of [['PCM_16', '16'], ['PCM_24', '24']])
    test(`writes ${pcm} as FLAC`, async () => {
      const id = await server.task(wav, {instruments: 'other', output_format: 'flac', pcm_type: pcm});
      await server.completed(id);
      const {files, results} = await server.download(id);
      assert.equal(results.sources[0].content_type, 'audio/flac');
      assert.equal(results.sources[0].filename, 'other.flac');
      const facts = probe(files.other);
      assert.deepEqual([facts.codec_name, facts.bits_per_raw_sample], ['flac', bits]);
      assert.equal(Number(facts.duration), kSeconds);
    });

  test('takes mono and other sample rates, and keeps the duration', async () => {
    for (const [rate, channels] of [[48000, 1], [22050, 2], [96000, 2]]) {
      const id = await server.task(makeWav({seconds: 1, rate, channels}), {instruments: 'vocals'});
      const task = await server.completed(id);
      assert.deepEqual([task.input.sample_rate, task.input.channels], [rate, channels]);
      const {results} = await server.download(id);
      assert.equal(results.sources[0].sample_rate, 44100);
      assert.equal(results.sources[0].duration_seconds, 1);
    }
  });

  test('uses test-time augmentation when asked to', async () => {
    const id = await server.task(makeWav({seconds: 1}), {use_tta: 'yes', instruments: 'vocals'});
    assert.equal((await server.completed(id)).use_tta, true);
  });

  test('is listed, newest first, page by page', async () => {
    const ids = [];
    for (let i = 0; i < 3; ++i) ids.unshift(await server.task(makeWav({seconds: 0.2}), {instruments: 'bass'}));
    const first = (await server.get('/api/v1/tasks?limit=2')).json();
    assert.deepEqual(first.tasks.map(task => task.task_id), ids.slice(0, 2));
    const second = (await server.get(`/api/v1/tasks?limit=2&cursor=${first.next_cursor}`)).json();
    assert.equal(second.tasks[0].task_id, ids[2]);
    for (const id of ids) await server.completed(id);
    const completed = (await server.get('/api/v1/tasks?status=completed&limit=100')).json();
    for (const id of ids) assert.ok(completed.tasks.some(task => task.task_id === id));
  });
});

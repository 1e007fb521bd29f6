// What the server refuses, and how it says so.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {boundlessFlac, encode, makeWav} from './support/audio.mjs';
import {Server, until} from './support/server.mjs';

const wav = makeWav({seconds: 0.5});
const isProblem = text => /\}\s*$/.test(text);  // a whole problem document has come

async function refused(promise, status, code, field) {
  const answer = await promise;
  assert.equal(answer.status, status, answer.body.toString());
  const problem = answer.json();
  assert.equal(problem.code, code);
  if (field) assert.ok(problem.errors.some(error => error.field === field), JSON.stringify(problem));
  return problem;
}

describe('a submission', () => {
  const server = new Server({max_file_size: '1MB'});
  before(() => server.start());
  after(async () => {
    await until(() => server.audioFiles().every(file => file.path.includes('/results/')), {what: 'the erasure of refused uploads'});
    await server.destroy();
  });

  test('with an unknown field', () => refused(server.submit(wav, {colour: 'red'}), 400, 'invalid_parameters', 'colour'));
  test('with a wrong boolean', () => refused(server.submit(wav, {use_tta: 'maybe'}), 400, 'invalid_parameters', 'use_tta'));
  test('with an empty value', () => refused(server.submit(wav, {pcm_type: ''}), 400, 'invalid_parameters', 'pcm_type'));
  test('with a repeated field', () => refused(server.submit(wav, {pcm_type: ['PCM_16', 'PCM_16']}), 400, 'invalid_parameters', 'pcm_type'));
  test('without a file', () => refused(server.submit(undefined, {use_tta: 'true'}), 400, 'invalid_parameters', 'file'));
  test('with an empty file', () => refused(server.submit(Buffer.alloc(0)), 400, 'invalid_parameters', 'file'));

  test('with several wrong fields, all told at once', async () => {
    const problem = await refused(server.submit(wav, {pcm_type: 'PCM_8', use_tta: 'x', output_format: 'ogg'}), 400, 'invalid_parameters');
    assert.deepEqual(problem.errors.map(error => error.field).sort(), ['output_format', 'pcm_type', 'use_tta']);
  });

  test('for an unknown model, with the valid ones', async () => {
    const problem = await refused(server.submit(wav, {model_type: 'nope'}), 400, 'unsupported_model_type', 'model_type');
    assert.ok(problem.errors[0].allowed.includes('dsp'));
  });

  test('for instruments the model has not, with the valid ones', async () => {
    const problem = await refused(server.submit(wav, {instruments: 'vocals,kazoo'}), 400, 'invalid_instruments', 'instruments');
    assert.ok(problem.errors[0].allowed.includes('vocals'));
  });

  test('of FLOAT as FLAC', () => refused(server.submit(wav, {output_format: 'flac', pcm_type: 'FLOAT'}), 400, 'unsupported_output'));
  test('of text', () => refused(server.submit(Buffer.from('hello, this is no audio\n'.repeat(100))), 400, 'unsupported_format'));
  test('of a container nobody promised', () => refused(server.submit(encode(wav, 'a.mkv', '-c:a', 'flac')), 400, 'unsupported_format'));

  test('of a truncated header', async () => {
    const answer = await server.submit(wav.subarray(0, 40));
    assert.equal(answer.status, 400);
    assert.ok(['invalid_audio', 'unsupported_format'].includes(answer.json().code), answer.body.toString());
  });

  test('of a file without samples', async () => {
    const answer = await server.submit(makeWav({seconds: 0}));
    assert.equal(answer.status, 400);
    assert.equal(answer.json().code, 'invalid_audio');
  });

  test('of a video without sound', async () => {
    const video = encode(wav, 'a.mp4', '-f', 'lavfi', '-i', 'color=size=16x16:duration=1', '-map', '1:v', '-c:v', 'mpeg4');
    const answer = await server.submit(video, {}, {name: 'a.m4a'});
    assert.equal(answer.status, 400);
    assert.ok(['invalid_audio', 'unsupported_format'].includes(answer.json().code), answer.body.toString());
  });

  test('over the size, while it streams in chunks of unknown length', async () => {
    const boundary = 'e2e';
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n`;
    const piece = Buffer.alloc(64 * 1024, 1);
    const parts = ['POST /api/v1/separate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n'
      + `Content-Type: multipart/form-data; boundary=${boundary}\r\n\r\n${head.length.toString(16)}\r\n${head}\r\n`];
    for (let i = 0; i < 20; ++i) parts.push(`${piece.length.toString(16)}\r\n`, piece, '\r\n');
    const text = await server.raw(Buffer.concat(parts.map(part => Buffer.from(part))), {isDone: isProblem});
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.match(text, /"code":"file_too_large"/);
  });

  test('over the size by its Content-Length is refused before a byte of it is sent', async () => {
    const text = await server.raw('POST /api/v1/separate HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000000\r\n'
      + 'Content-Type: multipart/form-data; boundary=x\r\n\r\n', {isDone: isProblem});
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.match(text, /"code":"file_too_large"/);
  });

  test('that is not multipart', async () => {
    const answer = await server.request('POST', '/api/v1/separate', {body: '{}', headers: {'content-type': 'application/json'}});
    assert.equal(answer.status, 400);
    assert.equal(answer.json().code, 'invalid_request');
  });

  test('whose client leaves in the middle, leaves nothing', async () => {
    const text = await server.raw('POST /api/v1/separate HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n'
      + 'Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nRIFF', {limitMs: 300});
    assert.equal(text, '');
    assert.equal((await server.get('/api/v1/metrics')).json().queued_tasks, 0);
  });
});

test('without a limit of its own the server takes uploads of 500 MB and not more', async t => {
  const server = await Server.start(t);
  const begin = bytes => server.raw(`POST /api/v1/separate HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\nExpect: 100-continue\r\n`
    + 'Content-Type: multipart/form-data; boundary=x\r\n\r\n', {isDone: seen => seen.includes('\r\n\r\n')});
  assert.match(await begin(500_000_000), /^HTTP\/1\.1 100 /);
  assert.match(await begin(502_000_000), /^HTTP\/1\.1 400 /);
});

describe('a file that turns out to be too long while it is decoded', () => {
  const server = new Server({max_audio_hours: '4s'});
  let task;
  before(async () => {
    await server.start();
    const id = await server.task(boundlessFlac({seconds: 6, declared: 1}), {}, {name: 'long.flac'});
    task = await server.final(id);
  });
  after(() => server.destroy());

  test('fails, and its status says why', () => {
    assert.equal(task.status, 'failed');
    assert.equal(task.error.code, 'audio_too_long');
    assert.match(task.error.message, /4/);
  });

  test('has no results: 410 with the reason', async () => {
    const gone = await server.get(`/api/v1/tasks/${task.task_id}/results`);
    assert.deepEqual([gone.status, gone.json().code], [410, 'task_failed']);
    assert.ok(gone.json().message.includes(task.error.message));
    assert.equal((await server.get(`/api/v1/download/${task.task_id}/vocals.wav`)).status, 410);
  });

  test('is told in the log with its reason', () => {
    const told = server.log().filter(entry => entry.event === 'task_failed' && entry.task_id === task.task_id);
    assert.equal(told.length, 1);
    assert.equal(told[0].code, 'audio_too_long');
    assert.match(told[0].error, /4/);
  });

  test('may come ten times at once, and those behind them complete', async () => {
    const bomb = boundlessFlac({seconds: 6, declared: 1});
    const ids = await Promise.all(Array.from({length: 10}, () => server.task(bomb, {instruments: 'bass'}, {name: 'long.flac'})));
    const good = await server.task(wav);
    for (const id of ids) assert.equal((await server.final(id, {limitMs: 240_000})).error?.code, 'audio_too_long');
    await server.completed(good);
    const owners = () => [...new Set(server.audioFiles().map(file => file.path.split('/').at(-3)))];
    await until(() => owners().length === 1 && owners()[0] === good, {what: 'the erasure of all but the results of the good one'});
    await server.request('DELETE', `/api/v1/tasks/${good}`);
  });

  test('leaves no stem, and the next one completes', async () => {
    assert.deepEqual(server.audioFiles().filter(file => file.path.includes('/results/')), []);
    await server.completed(await server.task(wav));
  });
});

describe('a hostile name', () => {
  const server = new Server();
  before(() => server.start());
  after(() => server.destroy());

  // Name, and what is kept of it.
  const names = {'../../x.wav': 'x.wav', '/etc/passwd': 'passwd', 'a\\b.wav': undefined, '%2e%2e%2fx': '%2e%2e%2fx', CON: 'CON',
    'a\u202eb.wav': undefined, '\u{1f3b5}.wav': '\u{1f3b5}.wav', '<img src=x onerror=alert(1)>.wav': undefined, [`${'x'.repeat(400)}.wav`]: undefined};
  test('is kept as a title and opens no file', async () => {
    for (const [name, kept] of Object.entries(names)) {
      const id = await server.task(wav, {instruments: 'bass'}, {name});
      const task = await server.completed(id);
      if (kept !== undefined) assert.equal(task.input.filename, kept);
      assert.ok(task.input.filename.length <= 255);
      const answer = await server.get(`/api/v1/download/${id}/bass.wav`);
      assert.match(answer.headers.get('content-disposition'), /^attachment; filename="[ -~]*"(; filename\*=UTF-8''[!-~]*)?$/, name);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    }
    const stems = server.audioFiles().filter(file => file.path.includes('/results/'));
    assert.equal(stems.length, Object.keys(names).length);
    assert.ok(stems.every(file => file.path.endsWith('/1/bass.wav')));
  });

  test('with a line break makes neither a header nor a line of the log', async () => {
    const lines = server.log().length;
    const form = '--x\r\nContent-Disposition: form-data; name="file"; filename="a\u001b[31m%0d%0aX-Evil: 1.wav"\r\n\r\n';
    const body = Buffer.concat([Buffer.from(form), wav, Buffer.from('\r\n--x--\r\n')]);
    const answer = await server.request('POST', '/api/v1/separate', {body, headers: {'content-type': 'multipart/form-data; boundary=x',
      'x-request-id': 'evil-1'}});
    assert.ok([201, 400].includes(answer.status));
    if (answer.status === 201) await server.completed(answer.json().task_id);
    assert.equal(answer.headers.get('x-evil'), null);
    await until(() => server.log().some(entry => entry.request_id === 'evil-1'), {what: 'the line of the request'});
    const added = server.log().slice(lines);  // every line parses, or log() throws
    assert.doesNotMatch(JSON.stringify(added), /\\u001b/);
  });
});

describe('a request', () => {
  const server = new Server();
  before(() => server.start());
  after(() => server.destroy());

  test('for a path that is not there', () => refused(server.get('/api/v1/nothing'), 404, 'not_found'));
  test('for an unknown task', () => refused(server.get('/api/v1/tasks/01890a5d-ac96-774b-bcce-b302099a8057'), 404, 'not_found'));
  test('for an impossible task', () => refused(server.get('/api/v1/tasks/passwd'), 404, 'not_found'));
  test('for an unknown model', () => refused(server.get('/api/v1/models/nothing'), 404, 'not_found'));
  test('with a wrong parameter', () => refused(server.get('/api/v1/tasks?limit=1000'), 400, 'invalid_parameters', 'limit'));

  test('with another method', async () => {
    const answer = await server.request('PUT', '/api/v1/tasks');
    assert.equal(answer.status, 405);
    assert.equal(answer.json().code, 'method_not_allowed');
    assert.match(answer.headers.get('allow'), /GET/);
  });

  test('repeats the request id of the client', async () => {
    const answer = await server.get('/livez', {'x-request-id': 'my-own-id 7'});
    assert.equal(answer.headers.get('x-request-id'), 'my-own-id 7');
  });
});

// Ranges, conditions, HEAD, the archive.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {after, before, describe, test} from 'node:test';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {makeWav} from './support/audio.mjs';
import {Server} from './support/server.mjs';

describe('a download', () => {
  const server = new Server();
  let id, url, bytes, etag;

  before(async () => {
    await server.start();
    id = await server.task(makeWav({seconds: 1}), {}, {name: 'Füür — "live".wav'});
    await server.completed(id);
    url = `/api/v1/download/${id}/vocals.wav`;
    const whole = await server.get(url);
    bytes = whole.body;
    etag = whole.headers.get('etag');
  });
  after(() => server.destroy());

  const range = (value, headers) => server.get(url, {range: value, ...headers});

  test('has all its headers', async () => {
    const answer = await server.get(url);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'audio/wav');
    assert.equal(Number(answer.headers.get('content-length')), bytes.length);
    assert.match(answer.headers.get('content-disposition'), /filename\*=UTF-8''F%C3%BC%C3%BCr/);
    assert.ok(!Number.isNaN(Date.parse(answer.headers.get('last-modified'))));
  });

  test('by HEAD has the same headers and no body', async () => {
    const get = await server.get(url), head = await server.request('HEAD', url);
    assert.equal(head.status, 200);
    for (const name of ['content-type', 'content-length', 'etag', 'last-modified', 'accept-ranges', 'content-disposition'])
      assert.equal(head.headers.get(name), get.headers.get(name), name);
  });

  test('sends single ranges', async () => {
    const size = bytes.length;
    for (const [value, first, end] of [['bytes=0-0', 0, 1], ['bytes=10-19', 10, 20], ['bytes=-7', size - 7, size],
      [`bytes=${size - 3}-`, size - 3, size], [`bytes=5-${size * 2}`, 5, size], [`bytes=-${size * 2}`, 0, size]]) {
      const answer = await range(value);
      assert.equal(answer.status, 206, value);
      assert.equal(answer.headers.get('content-range'), `bytes ${first}-${end - 1}/${size}`, value);
      assert.ok(answer.body.equals(bytes.subarray(first, end)), value);
    }
  });

  test('sends several ranges as parts', async () => {
    const answer = await range('bytes=0-3,100-103');
    assert.equal(answer.status, 206);
    const boundary = /^multipart\/byteranges; boundary=(.+)$/.exec(answer.headers.get('content-type'))[1];
    const parts = answer.body.toString('latin1').split(`--${boundary}`).slice(1, -1);
    assert.equal(parts.length, 2);
    for (const [i, first] of [[0, 0], [1, 100]]) {
      const [head, body] = parts[i].split('\r\n\r\n');
      assert.match(head, new RegExp(`Content-Range: bytes ${first}-${first + 3}/${bytes.length}`, 'i'));
      assert.equal(body.slice(0, 4), bytes.subarray(first, first + 4).toString('latin1'));
    }
  });

  test('refuses ranges outside, and ignores malformed ones', async () => {
    const outside = await range(`bytes=${bytes.length}-`);
    assert.equal(outside.status, 416);
    assert.equal(outside.headers.get('content-range'), `bytes */${bytes.length}`);
    for (const value of ['bytes=9-3', 'bytes=a-b', 'lines=1-2', 'bytes=', 'bytes=--1']) assert.equal((await range(value)).status, 200, value);
  });

  test('respects If-Range, If-None-Match and If-Match', async () => {
    assert.equal((await range('bytes=0-3', {'if-range': etag})).status, 206);
    assert.equal((await range('bytes=0-3', {'if-range': '"other"'})).status, 200);
    assert.equal((await server.get(url, {'if-none-match': etag})).status, 304);
    assert.equal((await server.get(url, {'if-none-match': '"other"'})).status, 200);
    assert.equal((await server.get(url, {'if-match': '"other"'})).status, 412);
  });

  test('of something that is not a source is not found', async () => {
    for (const name of ['kazoo.wav', 'vocals', '..%2f..%2fmsst.db', '%2e%2e%2fmsst.db'])
      assert.equal((await server.get(`/api/v1/download/${id}/${name}`)).status, 404, name);
  });

  test('as an archive holds all sources, whole or in ranges', async () => {
    const target = `/api/v1/tasks/${id}/archive`;
    const whole = await server.get(target);
    assert.equal(whole.status, 200);
    assert.equal(Number(whole.headers.get('content-length')), whole.body.length);
    const file = path.join(server.folder, 'archive.zip');
    const half = whole.body.length >> 1;
    const parts = [await server.get(target, {range: `bytes=0-${half - 1}`}), await server.get(target, {range: `bytes=${half}-`})];
    writeFileSync(file, Buffer.concat(parts.map(part => part.body)));
    const check = spawnSync('unzip', ['-t', file]);
    assert.equal(check.status, 0, String(check.stdout) + check.stderr);
    const vocals = spawnSync('unzip', ['-p', file, 'vocals.wav'], {maxBuffer: 1 << 28});
    assert.ok(vocals.stdout.equals(bytes));
  });

  test('goes on after a restart of the server, from the same bytes', async () => {
    await server.stop();
    await server.start();
    const answer = await range('bytes=100-', {'if-range': etag});
    assert.equal(answer.status, 206);
    assert.ok(answer.body.equals(bytes.subarray(100)));
  });

  test('of a deleted task is not found', async () => {
    assert.equal((await server.request('DELETE', `/api/v1/tasks/${id}`)).status, 204);
    assert.equal((await server.get(url)).status, 404);
    assert.equal((await server.get(`/api/v1/tasks/${id}`)).status, 404);
    assert.deepEqual(server.audioFiles(), []);
  });
});

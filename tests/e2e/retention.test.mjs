// What goes when: audio, partial output and records of finished tasks, over HTTP.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {boundlessFlac, makeWav} from './support/audio.mjs';
import {Server, until} from './support/server.mjs';

const wav = makeWav({seconds: 0.3});
const kHour = 3_600_000;

// Makes every finished task of a stopped server older: no setting of a clock would (docs/decisions/0004-store-clock.md).
function age(server, milliseconds) {
  const sql = `UPDATE tasks SET finished_at = finished_at - ${milliseconds}, finished_tick = finished_tick - ${milliseconds} WHERE finished_at IS NOT NULL`;
  execFileSync('sqlite3', [path.join(server.dataDir, 'msst.db'), sql]);
}

// A sweep runs at every start. It is over when an old upload that belongs to no task is gone, which is its last step.
async function restartAndSweep(server, {olderBy = 0, settings = {}}) {
  await server.stop();
  age(server, olderBy);
  const planted = path.join(server.dataDir, 'uploads', 'planted-by-the-test');
  mkdirSync(path.dirname(planted), {recursive: true});
  writeFileSync(planted, '');
  const old = new Date(Date.now() - 2 * kHour);
  utimesSync(planted, old, old);
  Object.assign(server.settings, settings);
  await server.start();
  await until(() => !existsSync(planted), {what: 'the end of the sweep'});
}

const folders = (server, name) => readdirSync(path.join(server.dataDir, name));

describe('after a task', () => {
  const server = new Server({max_audio_hours: '4s'});
  let completed, failed, cancelled, half;

  before(async () => {
    await server.start();
    completed = await server.task(wav);
    await server.completed(completed);
    failed = await server.task(boundlessFlac({seconds: 6, declared: 1}), {}, {name: 'long.flac'});
    assert.equal((await server.final(failed)).status, 'failed');
    // As if its worker, which erases the upload last, had not come to erase what it had written.
    await until(() => folders(server, 'uploads').length === 0, {what: 'the erasure of the uploads'});
    half = path.join(server.dataDir, 'results', failed, '1', 'vocals.wav');
    mkdirSync(path.dirname(half), {recursive: true});
    writeFileSync(half, 'half');
    const before = await server.task(makeWav({seconds: 3.9}), {use_tta: 'true'});  // keeps the worker busy
    cancelled = await server.task(wav);
    assert.ok([200, 202].includes((await server.request('POST', `/api/v1/tasks/${cancelled}/cancel`)).status));
    assert.equal((await server.final(cancelled)).status, 'cancelled');
    await server.completed(before);
  });
  after(() => server.destroy());

  const statusOf = async target => {
    const answer = await server.get(target);
    return [answer.status, answer.status === 200 ? undefined : answer.json().code];
  };
  const allOf = id => ['/results', '/archive'].map(below => `/api/v1/tasks/${id}${below}`).concat(`/api/v1/download/${id}/vocals.wav`);

  test('its results stay for not quite 24 hours', async () => {
    await restartAndSweep(server, {olderBy: 24 * kHour - 60_000 * 10});
    for (const target of allOf(completed)) assert.equal((await server.get(target)).status, 200, target);
    assert.ok(existsSync(half), 'what a failed task left is there too');
  });

  test('its audio goes after 24 hours, the record stays', async () => {
    await restartAndSweep(server, {olderBy: 20 * 60_000});
    for (const target of allOf(completed)) assert.deepEqual(await statusOf(target), [410, 'results_expired'], target);
    assert.equal((await server.status(completed)).status, 'completed');
    assert.deepEqual(server.audioFiles(), []);
  });

  test('what a failed or cancelled one left goes after 24 hours, the reason stays', async () => {
    assert.deepEqual(folders(server, 'results'), []);
    assert.equal((await server.status(failed)).status, 'failed');
    assert.deepEqual(await statusOf(`/api/v1/tasks/${failed}/results`), [410, 'task_failed']);
    assert.deepEqual(await statusOf(`/api/v1/tasks/${cancelled}/results`), [410, 'task_cancelled']);
  });

  test('its record goes after 7 days, not before', async () => {
    await restartAndSweep(server, {olderBy: (7 * 24 - 25) * kHour});
    for (const id of [completed, failed, cancelled]) assert.equal((await server.get(`/api/v1/tasks/${id}`)).status, 200);
    await restartAndSweep(server, {olderBy: 1 * kHour});
    for (const id of [completed, failed, cancelled])
      for (const target of [`/api/v1/tasks/${id}`, ...allOf(id)]) assert.deepEqual(await statusOf(target), [404, 'not_found'], target);
    assert.deepEqual((await server.get('/api/v1/tasks')).json().tasks, []);
  });

  test('the retention times are the administrator\'s', async () => {
    const id = await server.task(wav);
    await server.completed(id);
    await restartAndSweep(server, {settings: {cleanup_retention_hours: 0}});
    assert.deepEqual(await statusOf(`/api/v1/tasks/${id}/results`), [410, 'results_expired']);
    assert.equal((await server.get(`/api/v1/tasks/${id}`)).status, 200);
    await restartAndSweep(server, {settings: {failed_retention_hours: 0, metadata_retention_hours: 0}});
    assert.equal((await server.get(`/api/v1/tasks/${id}`)).status, 404);
  });
});

// Health, models, statistics, documents, events, keys and limits.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {makeWav} from './support/audio.mjs';
import {document} from './support/contract.mjs';
import {Server, until} from './support/server.mjs';

const wav = makeWav({seconds: 0.5});

describe('the service', () => {
  const server = new Server();
  before(() => server.start());
  after(() => server.destroy());

  test('is healthy, and ready', async () => {
    await until(async () => (await server.get('/readyz')).status === 200, {what: 'readiness'});
    const answer = await server.get('/api/v1/health');
    assert.equal(answer.status, 200);
    assert.equal(answer.json().status, 'healthy', answer.body.toString());
    assert.deepEqual((await server.get('/livez')).json(), {status: 'alive'});
  });

  test('lists its models', async () => {
    const list = (await server.get('/api/v1/models')).json();
    assert.equal(list.default_model_type, 'dsp');
    for (const model of list.models) {
      const details = (await server.get(`/api/v1/models/${model.model_type}`)).json();
      for (const [key, value] of Object.entries(model)) assert.deepEqual(details[key], value, key);
    }
  });

  test('counts tasks', async () => {
    const before = (await server.get('/api/v1/metrics')).json();
    await server.completed(await server.task(wav));
    const now = (await server.get('/api/v1/metrics')).json();
    assert.equal(now.completed_tasks, before.completed_tasks + 1);
    assert.ok(now.average_processing_time_seconds > 0);
    const text = (await server.get('/metrics')).body.toString();
    assert.match(text, new RegExp(`^msst_tasks\\{status="completed"\\} ${now.completed_tasks}$`, 'm'));
    assert.match(text, /^msst_http_requests_total\{code="201",method="POST",route="\/api\/v1\/separate"\} [1-9]/m);
  });

  test('serves its own document', async () => {
    const answer = await server.get('/openapi.json');
    assert.deepEqual(answer.json(), JSON.parse(JSON.stringify(document)));
    assert.equal((await server.get('/openapi.json', {'if-none-match': answer.headers.get('etag')})).status, 304);
  });

  test('serves Swagger UI without any address from elsewhere', async () => {
    const page = (await server.get('/docs')).body.toString();
    const links = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(match => match[1]);
    assert.ok(links.length >= 3);
    for (const link of links) {
      assert.doesNotMatch(link, /^(https?:)?\/\//);
      assert.equal((await server.get(`/${link}`)).status, 200, link);
    }
    assert.equal((await server.get('/')).status, 200);
  });

  test('answers HEAD wherever it answers GET', async () => {
    for (const target of ['/', '/docs', '/openapi.json', '/livez', '/metrics', '/api/v1/health', '/api/v1/models', '/api/v1/tasks'])
      assert.equal((await server.request('HEAD', target)).status, 200, target);
  });

  test('streams the events of a task to its end', async () => {
    const id = await server.task(makeWav({seconds: 20}), {instruments: 'vocals'});
    const answer = await server.get(`/api/v1/tasks/${id}/events`);
    const events = answer.body.toString().split('\n\n').filter(text => text.startsWith('event: ')).map(text => {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(text);
      return {name, data: JSON.parse(data)};
    });
    assert.equal(events[0].name, 'status');
    assert.equal(events.at(-1).name, 'done');
    assert.equal(events.at(-1).data.status, 'completed');
    const progress = events.map(event => event.data.progress);
    assert.deepEqual(progress, [...progress].sort((a, b) => a - b));
  });

  test('logs one line of JSON for every request', async () => {
    await server.get('/api/v1/models', {'x-request-id': 'look-for-me'});
    const line = await until(() => server.log().find(entry => entry.request_id === 'look-for-me'), {limitMs: 10_000, what: 'the log line'});
    assert.equal(line.status, 200);
  });

  test('gives the same answer for the same Idempotency-Key', async () => {
    const options = {headers: {'idempotency-key': 'e2e-1'}};
    const first = await server.submit(wav, {instruments: 'bass'}, options);
    const again = await server.submit(wav, {instruments: 'bass'}, options);
    assert.deepEqual([first.status, again.status], [201, 201]);
    assert.equal(again.json().task_id, first.json().task_id);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    assert.equal((await server.submit(wav, {instruments: 'drums'}, options)).status, 422);
    const answers = await Promise.all(Array.from({length: 10}, () => server.submit(wav, {}, {headers: {'idempotency-key': 'e2e-2'}})));
    assert.ok(answers.every(answer => [201, 409].includes(answer.status)));
    assert.equal(new Set(answers.filter(answer => answer.status === 201).map(answer => answer.json().task_id)).size, 1);
  });
});

test('a full queue refuses submissions with Retry-After', async t => {
  const server = await Server.start(t, {max_queued_tasks: 1});
  const long = makeWav({seconds: 120});
  const first = await server.task(long);
  await until(async () => (await server.status(first)).status === 'processing', {what: 'the start of the first task'});
  await server.task(wav);
  const answer = await server.submit(wav);
  assert.equal(answer.status, 503);
  assert.equal(answer.json().code, 'overloaded');
});

test('with authentication every path needs a key, and tasks belong to it', async t => {
  const server = await Server.start(t, {enable_auth: true, api_keys: [{name: 'ann', key: 'ann-secret'}, {name: 'bob', key: 'bob-secret'}]});
  const ann = {authorization: 'Bearer ann-secret'}, bob = {authorization: `Basic ${btoa('x:bob-secret')}`};
  for (const path of Object.keys(document.paths)) {
    const target = path.replaceAll(/\{[^}]+\}/g, '01890a5d-ac96-774b-bcce-b302099a8057');
    const method = Object.keys(document.paths[path]).find(key => key !== 'parameters').toUpperCase();
    assert.equal((await server.request(method, target)).status, 401, target);
    assert.equal((await server.request(method, target, {headers: {authorization: 'Bearer wrong'}})).status, 401, target);
  }
  const id = await server.task(wav, {}, {headers: ann});
  assert.equal((await server.get(`/api/v1/tasks/${id}`, ann)).status, 200);
  for (const below of ['', '/results', '/archive', '/events'])
    assert.equal((await server.get(`/api/v1/tasks/${id}${below}`, bob)).status, 404, below);
  assert.deepEqual((await server.get('/api/v1/tasks', bob)).json().tasks, []);
  assert.ok(!JSON.stringify(server.log()).includes('secret'));
});

test('over the rate limit comes 429, with the figures on every answer', async t => {
  const server = await Server.start(t, {enable_rate_limit: true, requests_per_hour: 3});
  for (let left = 2; left >= 0; --left) {
    const answer = await server.get('/livez');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('x-ratelimit-remaining'), String(left));
  }
  assert.equal((await server.get('/livez')).status, 429);
  await server.stop();
  await server.start();
  assert.equal((await server.get('/livez')).status, 429, 'the count survives a restart');
});

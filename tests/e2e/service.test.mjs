// Health, models, statistics, documents, events, keys and limits.
import assert from 'node:assert/strict';
import {cpSync, mkdirSync} from 'node:fs';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {makeLongWav, makeWav} from './support/audio.mjs';
import {checkSchema, document, resolve} from './support/contract.mjs';
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

  // Of the two tests of pace below: other programs may hold up some answers on a busy machine, but not most of them.
  test('answers for a status well within half a second while it separates', async () => {
    const id = await server.task(makeLongWav(), {use_tta: 'true'});
    await server.separating(id);
    const times = [];
    for (let i = 0; i < 20; ++i) {
      const begin = performance.now();
      await server.status(id);
      times.push(performance.now() - begin);
    }
    await server.separating(id);  // still
    const quarter = times.sort((a, b) => a - b)[5];
    assert.ok(quarter < 500, `three quarters take more than ${quarter} ms`);
    await server.request('POST', `/api/v1/tasks/${id}/cancel`);
    await server.final(id);
  });

  test('tells the details of a model', async () => {
    const model = (await server.get('/api/v1/models/dsp')).json();
    assert.deepEqual([model.instruments, model.sample_rate, model.stereo], [['vocals', 'drums', 'bass', 'other'], 44100, true]);
    assert.equal(model.default, true);
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

  test('documents every parameter, every field, every status and an example of each', async () => {
    const served = (await server.get('/openapi.json')).json();
    const methods = new Set(['get', 'head', 'post', 'put', 'patch', 'delete']);
    const hasExample = media => media.example !== undefined || media.examples !== undefined;
    for (const [target, item] of Object.entries(served.paths))
      for (const [method, operation] of Object.entries(item).filter(([name]) => methods.has(name))) {
        const what = `${method} ${target}`;
        assert.ok(operation.summary && operation.description, what);
        const parameters = [...item.parameters ?? [], ...operation.parameters ?? []].map(resolve);
        for (const [, name] of target.matchAll(/\{(\w+)\}/g))
          assert.ok(parameters.some(parameter => parameter.in === 'path' && parameter.name === name && parameter.required), `${what}: {${name}}`);
        for (const {name, description, required, schema} of parameters)
          assert.ok(description && typeof required === 'boolean' && resolve(schema).type, `${what}: ${name}`);
        for (const [type, media] of Object.entries(operation.requestBody?.content ?? {})) {
          assert.ok(hasExample(media), `${what}: ${type}`);
          const schema = resolve(media.schema);
          for (const [name, field] of Object.entries(schema.properties)) assert.ok(resolve(field).type && resolve(field).description, `${what}: ${name}`);
          assert.ok(Array.isArray(schema.required), what);
        }
        for (const [status, reference] of Object.entries(operation.responses)) {
          const response = resolve(reference);
          assert.ok(response.description, `${what} ${status}`);
          for (const [type, media] of Object.entries(response.content ?? {}).filter(([name]) => name.endsWith('json'))) {
            assert.ok(hasExample(media), `${what} ${status}: no example of ${type}`);
            for (const example of [media.example, ...Object.values(media.examples ?? {}).map(one => one.value)].filter(one => one !== undefined))
              if (target !== '/openapi.json') checkSchema(media.schema, example, `${what} ${status}: its example`);
          }
        }
      }
  });

  test('serves Swagger UI without any address from elsewhere', async () => {
    const page = (await server.get('/docs')).body.toString();
    const links = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(match => match[1]);
    for (const part of ['docs/swagger-ui.css', 'docs/swagger-ui-bundle.js', 'docs/start.js']) assert.ok(links.includes(part), part);
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
    const id = await server.task(makeWav({seconds: 20, rate: 8000, channels: 1}), {instruments: 'vocals'});
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
    const line = await until(() => server.log().find(entry => entry.request_id === 'look-for-me'), {what: 'the log line'});
    assert.equal(line.status, 200);
    const id = await server.task(wav, {instruments: 'bass'});
    const {processing_seconds: seconds} = await server.completed(id);
    assert.ok(seconds > 0);
    const told = await until(() => server.log().find(entry => entry.event === 'task_completed' && entry.task_id === id),
      {what: 'the line of the completed task'});
    assert.ok(Math.abs(told.seconds - seconds) < 0.001, JSON.stringify(told));
    await server.submit(Buffer.from('no audio'), {}, {headers: {'x-request-id': 'refused-1'}});
    const refused = await until(() => server.log().find(entry => entry.request_id === 'refused-1'), {what: 'the refused one'});
    assert.deepEqual([refused.status, refused.method], [400, 'POST']);
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

// How long, in milliseconds, the progress of a task stood still at most.
async function longestStandstill(server, id) {
  await until(async () => (await server.status(id)).status === 'processing', {what: 'the start', stepMs: 20});
  let last = performance.now(), longest = 0, progress = -1;
  await until(async () => {
    const task = await server.status(id);
    if (task.progress !== progress) {
      longest = Math.max(longest, performance.now() - last);
      [last, progress] = [performance.now(), task.progress];
    }
    return task.status === 'completed';
  }, {stepMs: 50, what: 'the end'});
  return longest;
}

test('progress is told at least every five seconds', async t => {
  // Fifteen seconds for a song, whatever the processor does meanwhile.
  const server = await Server.start(t, {devices: [{kind: 'simulated', name: 'slow', memory: '1GB', speed: 4}]});
  const song = makeWav({seconds: 60});
  const standstills = [];
  // Other programs may hold the machine up for a while; not three times.
  while (standstills.length < 3) {
    standstills.push(await longestStandstill(server, await server.task(song, {instruments: 'bass'})));
    if (standstills.at(-1) < 5_000) return;
  }
  assert.fail(`nothing changed for ${standstills.join(', ')} ms`);
});

test('a full queue refuses submissions with Retry-After', async t => {
  const server = await Server.start(t, {max_queued_tasks: 1});
  const long = makeLongWav();
  const first = await server.task(long, {use_tta: 'true'});
  await server.separating(first);
  await server.task(wav);
  const answer = await server.submit(wav);
  assert.equal(answer.status, 503);
  assert.equal(answer.json().code, 'overloaded');
  assert.ok(Number(answer.headers.get('retry-after')) > 0);
});

test('with authentication every path needs a key, and tasks belong to it', async t => {
  const server = await Server.start(t, {enable_auth: true, api_keys: [{name: 'ann', key: 'ann-secret'}, {name: 'bob', key: 'bob-secret'}]});
  const ann = {authorization: 'Bearer ann-secret'}, bob = {authorization: `Basic ${btoa('x:bob-secret')}`};
  for (const path of Object.keys(document.paths)) {
    const target = path.replaceAll(/\{[^}]+\}/g, '01890a5d-ac96-774b-bcce-b302099a8057');
    for (const method of Object.keys(document.paths[path]).filter(key => key !== 'parameters').map(key => key.toUpperCase())) {
      const without = await server.request(method, target);
      assert.equal(without.status, 401, `${method} ${target}`);
      assert.match(without.headers.get('www-authenticate'), /Bearer/);
      for (const authorization of ['Bearer wrong', 'Bearer ann-secre', 'Bearer ann-secret2', 'Bearer', 'Basic !', 'ann-secret'])
        assert.equal((await server.request(method, target, {headers: {authorization}})).status, 401, `${method} ${target} ${authorization}`);
    }
    assert.equal((await server.get(`${target}?api_key=ann-secret`)).status, 401);
  }
  const id = await server.task(wav, {}, {headers: ann});
  assert.equal((await server.get(`/api/v1/tasks/${id}`, ann)).status, 200);
  for (const below of ['', '/results', '/archive', '/events'])
    assert.equal((await server.get(`/api/v1/tasks/${id}${below}`, bob)).status, 404, below);
  assert.equal((await server.request('DELETE', `/api/v1/tasks/${id}`, {headers: bob})).status, 404);
  assert.equal((await server.request('POST', `/api/v1/tasks/${id}/cancel`, {headers: bob})).status, 404);
  await server.completed(id, {headers: ann});
  assert.equal((await server.get(`/api/v1/download/${id}/bass.wav`, bob)).status, 404);
  assert.equal((await server.get(`/api/v1/download/${id}/bass.wav`, ann)).status, 200);
  assert.deepEqual((await server.get('/api/v1/tasks', bob)).json().tasks, []);
  assert.ok(!JSON.stringify(server.log()).includes('secret'));
});

test('over the rate limit comes 429, with the figures on every answer', async t => {
  const server = await Server.start(t, {enable_rate_limit: true, requests_per_hour: 3});
  for (let left = 2; left >= 0; --left) {
    // Nobody's word about where they come from counts.
    const answer = await server.get('/livez', {'x-forwarded-for': `10.0.0.${left}`, forwarded: `for=10.0.0.${left}`});
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('x-ratelimit-limit'), '3');
    assert.equal(answer.headers.get('x-ratelimit-remaining'), String(left));
    assert.ok(Number(answer.headers.get('x-ratelimit-reset')) > Date.now() / 1000);
  }
  const over = await server.get('/livez');
  assert.equal(over.status, 429);
  assert.ok(Number(over.headers.get('retry-after')) > 3_000);
  await server.stop();
  await server.start();
  assert.equal((await server.get('/livez')).status, 429, 'the count survives a restart');
});

test('each key has a rate limit of its own', async t => {
  const server = await Server.start(t, {enable_auth: true, enable_rate_limit: true, requests_per_hour: 2,
    api_keys: [{name: 'ann', key: 'ann-secret'}, {name: 'bob', key: 'bob-secret'}]});
  const ask = async key => (await server.get('/livez', {authorization: `Bearer ${key}`})).status;
  assert.deepEqual([await ask('ann-secret'), await ask('ann-secret'), await ask('ann-secret')], [200, 200, 429]);
  assert.equal(await ask('bob-secret'), 200);
});

test('with little disk space it is degraded', async t => {
  const server = await Server.start(t, {degraded_free_disk: '1000000GB'});
  await until(async () => (await server.get('/readyz')).status === 200, {what: 'readiness'});
  const answer = await server.get('/api/v1/health');
  assert.deepEqual([answer.status, answer.json().status], [200, 'degraded']);
  assert.notEqual(answer.json().checks.disk_space.status, 'ok');
});

describe('models whose files are not in order', () => {
  const server = new Server({default_model_type: 'no_checkpoint'});
  before(async () => {
    const source = fileURLToPath(new URL('../data/goldens/bs_roformer-plain/', import.meta.url));
    for (const [name, files] of Object.entries({no_checkpoint: ['config.yaml'], whole: ['config.yaml', 'model.ckpt']})) {
      mkdirSync(path.join(server.settings.models_dir, name), {recursive: true});
      for (const file of files) cpSync(path.join(source, file), path.join(server.settings.models_dir, name, file));
    }
    await server.start();
  });
  after(() => server.destroy());

  test('are left out of the list, with a warning in the log', async () => {
    const {models} = (await server.get('/api/v1/models')).json();
    assert.deepEqual(models.map(model => model.model_type), ['dsp', 'whole']);
    assert.ok(models.find(model => model.model_type === 'whole').config_path.endsWith('/whole/config.yaml'));
    assert.equal((await server.get('/api/v1/models/no_checkpoint')).status, 404);
    assert.ok(server.log().some(entry => entry.level === 'warning' && entry.event === 'model_excluded' && /no_checkpoint/.test(entry.message)));
  });

  test('make the server unhealthy when one of them is the default', async () => {
    const answer = await server.get('/api/v1/health');
    assert.deepEqual([answer.status, answer.json().status], [503, 'unhealthy']);
    assert.deepEqual(answer.json().checks.models.missing, ['no_checkpoint']);
    assert.equal((await server.submit(wav)).status, 500);
  });
});

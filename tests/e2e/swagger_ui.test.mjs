// Swagger UI in a real browser: /docs needs nothing but the server, and "Try it out" works.
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, before, describe, test} from 'node:test';
import {chromium} from 'playwright-core';
import {makeWav} from './support/audio.mjs';
import {document} from './support/contract.mjs';
import {kPatienceMs, Server} from './support/server.mjs';

const kChromium = process.env.MSST_CHROMIUM ?? '/usr/bin/chromium';
const kFlags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
// Where the picture of the page goes, for people to look at.
const kPicture = process.env.MSST_SWAGGER_PICTURE;

describe('Swagger UI', () => {
  const server = new Server();
  const profile = mkdtempSync(path.join(tmpdir(), 'msst-chromium-'));
  const requested = [], complaints = [];
  let browser, page;

  before(async () => {
    await server.start();
    browser = await chromium.launchPersistentContext(profile,
      {executablePath: kChromium, args: kFlags, viewport: {width: 1280, height: 1400}, timeout: kPatienceMs});
    page = await browser.newPage();
    page.setDefaultTimeout(kPatienceMs);
    // Whatever wants to leave the host is noted and goes nowhere.
    await browser.route('**/*', route => {
      requested.push(route.request().url());
      return new URL(route.request().url()).origin === server.url ? route.continue() : route.abort();
    });
    page.on('console', message => { if (message.type() === 'error') complaints.push(message.text()); });
    page.on('pageerror', error => complaints.push(String(error)));
    await page.goto(`${server.url}/docs`);
    await page.locator('.opblock').first().waitFor();
  });
  after(async () => {
    await browser?.close();
    rmSync(profile, {recursive: true, force: true});
    await server.destroy();
  });

  // The block of an operation, unfolded and ready to be filled in.
  async function tryOut(operationId) {
    const block = page.locator(`.opblock[id$="-${operationId}"]`);
    await block.locator('.opblock-summary-control').click();
    await block.getByRole('button', {name: 'Try it out'}).click();
    return block;
  }

  // Status and body of what came back, as the page shows them.
  async function execute(block) {
    const answered = page.waitForResponse(response => response.request().resourceType() === 'fetch');
    await block.getByRole('button', {name: 'Execute'}).click();
    const requestId = (await (await answered).allHeaders())['x-request-id'];
    const live = block.locator('.live-responses-table .response').first();
    await live.filter({hasText: requestId}).waitFor();
    return {status: (await live.locator('.response-col_status').innerText()).trim(),
      body: JSON.parse(await live.locator('.response-col_description .highlight-code code').first().innerText())};
  }

  test('shows every operation of the document', async () => {
    const methods = ['get', 'put', 'post', 'delete', 'head', 'patch', 'options'];
    const operations = Object.values(document.paths).flatMap(item => methods.filter(method => item[method]));
    assert.equal(await page.locator('.opblock').count(), operations.length);
  });

  test('tries out GET /api/v1/health', async () => {
    const {status, body} = await execute(await tryOut('getHealth'));
    assert.match(status, /^200/);
    assert.equal(body.checks.database.status, 'ok');
  });

  test('tries out POST /api/v1/separate with one file after another', async () => {
    const block = await tryOut('submitTask');
    const ids = new Set();
    for (const name of ['first.wav', 'second.wav']) {
      await block.locator('input[type=file]').setInputFiles({name, mimeType: 'audio/wav', buffer: makeWav({seconds: 1 + ids.size})});
      const {status, body} = await execute(block);
      assert.match(status, /^201/, JSON.stringify(body));
      assert.equal((await server.completed(body.task_id)).input.filename, name);
      ids.add(body.task_id);
    }
    assert.equal(ids.size, 2);
    await block.locator('.live-responses-table').scrollIntoViewIfNeeded();
    if (kPicture) await page.screenshot({path: kPicture});
  });

  // Last: it judges what the tests above have made the page do.
  test('asked nobody but the server, and met no error', () => {
    assert.ok(requested.length >= 5, 'the page was seen to load its files');
    assert.deepEqual(requested.filter(url => !/^(data|blob):/.test(url) && new URL(url).origin !== server.url), []);
    assert.deepEqual(complaints, []);
  });
});

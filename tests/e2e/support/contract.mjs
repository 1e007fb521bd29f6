// docs/openapi.yaml as a judge: every response of a test is held against it.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import {parse} from 'yaml';

// The document as it stands in the repository.
export const document = parse(readFileSync(new URL('../../../docs/openapi.yaml', import.meta.url), 'utf8'));

const ajv = new Ajv({strict: false, allErrors: true});
addFormats(ajv);
ajv.addSchema(document, 'openapi');
const validators = new Map();

export function resolve(node) {
  while (node && node.$ref) node = node.$ref.slice(2).split('/').reduce((at, key) => at[key.replaceAll('~1', '/')], document);
  return node;
}

// The compiled schema of a place in the document; `pointer` is its path from the root.
function validator(schema) {
  if (!validators.has(schema)) validators.set(schema, ajv.compile(withAbsoluteReferences(schema)));
  return validators.get(schema);
}

function withAbsoluteReferences(node) {
  if (Array.isArray(node)) return node.map(withAbsoluteReferences);
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) =>
    key === '$ref' ? [key, `openapi${value}`] : [key, withAbsoluteReferences(value)]));
}

const templates = Object.keys(document.paths)
  .map(path => ({path, pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`), literals: path.replaceAll(/\{[^}]+\}/g, '').length}))
  .sort((a, b) => b.literals - a.literals);

export function operationOf(method, path) {
  const template = templates.find(({pattern}) => pattern.test(path));
  if (!template) return {};
  const item = document.paths[template.path];
  const name = method.toLowerCase();
  return {path: template.path, operation: item[name] ?? (name === 'head' ? item.get : undefined)};
}

export function checkSchema(schema, value, what) {
  const validate = validator(schema);
  assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value, null, 1)?.slice(0, 2000)}`);
}

function headerValue(schema, text) {
  return schema.type === 'integer' || schema.type === 'number' ? Number(text) : text;
}

function checkHeaders(documented, response, what) {
  for (const [name, reference] of Object.entries(documented ?? {})) {
    const header = resolve(reference);
    const text = response.headers.get(name);
    if (text === null) assert.ok(!header.required, `${what}: the header ${name} is missing`);
    else checkSchema(header.schema, headerValue(header.schema, text), `${what}: header ${name}`);
  }
}

function checkProblem(response, body, what) {
  assert.equal(response.headers.get('content-type'), 'application/problem+json', what);
  const problem = JSON.parse(body);
  checkSchema(document.components.schemas.Problem, problem, what);
  assert.equal(problem.status, response.status, what);
  assert.equal(problem.request_id, response.headers.get('x-request-id'), what);
}

// `body`: a Buffer. Throws when the response is not documented as it is.
export function checkResponse(method, url, response, body) {
  const path = decodeURI(new URL(url).pathname);
  const what = `${method} ${path} -> ${response.status}`;
  assert.ok(response.headers.get('x-request-id'), `${what}: no X-Request-Id`);
  const {operation} = operationOf(method, path);
  if (!operation) {
    assert.ok([400, 401, 404, 405, 414, 429, 431, 501].includes(response.status), `${what}: for a path or method nobody documents`);
    if (method !== 'HEAD') checkProblem(response, body, what);
    return;
  }
  const documented = resolve(operation.responses[String(response.status)]);
  assert.ok(documented, `${what} is not documented`);
  checkHeaders(documented.headers, response, what);
  if (!documented.content) {
    if (method !== 'HEAD') assert.equal(body.length, 0, `${what} has a body`);
    return;
  }
  if (method === 'HEAD') return assert.equal(body.length, 0, `${what} has a body`);
  const type = (response.headers.get('content-type') ?? '').split(';')[0].trim();
  const media = documented.content[type];
  assert.ok(media, `${what}: the content type '${type}' is not documented`);
  if (type === 'application/problem+json') checkProblem(response, body, what);
  else if (type === 'application/json') checkSchema(media.schema, JSON.parse(body), what);
}

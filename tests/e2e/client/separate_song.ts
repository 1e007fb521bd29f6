// What an application does with msst, written against types that are generated from docs/openapi.yaml.
import createClient from 'openapi-fetch';
import type {components, paths} from './schema.js';

type Task = components['schemas']['Task'];

export class Refused extends Error {
  constructor(readonly problem: components['schemas']['Problem']) { super(problem.message); }
}

export interface Separated {
  task: Task;
  stems: Map<string, Uint8Array>;
}

const sleep = (ms: number) => new Promise(done => setTimeout(done, ms));

function toForm(fields: Record<string, unknown>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields))
    for (const one of Array.isArray(value) ? value : [value]) form.append(name, one instanceof Blob ? one : String(one));
  return form;
}

// Submits the file, polls until its task is final, and downloads every source. Throws Refused for a problem document.
export async function separateSong(baseUrl: string, file: File, options: Omit<components['schemas']['Submission'], 'file'>,
                                   onPoll: (task: Task) => void = () => {}): Promise<Separated> {
  const client = createClient<paths>({baseUrl});

  const submitted = await client.POST('/api/v1/separate', {body: {...options, file}, bodySerializer: toForm});
  if (submitted.error) throw new Refused(submitted.error);
  const params = {path: {task_id: submitted.data.task_id}};

  let task: Task;
  do {
    const polled = await client.GET('/api/v1/tasks/{task_id}', {params});
    if (polled.error) throw new Refused(polled.error);
    task = polled.data;
    onPoll(task);
    if (task.status === 'pending' || task.status === 'processing') await sleep(50);
  } while (task.status === 'pending' || task.status === 'processing');

  const results = await client.GET('/api/v1/tasks/{task_id}/results', {params});
  if (results.error) throw new Refused(results.error);
  const stems = new Map<string, Uint8Array>();
  for (const {name, filename} of results.data.sources) {
    const stem = await client.GET('/api/v1/download/{task_id}/{filename}',
      {params: {path: {...params.path, filename}}, parseAs: 'arrayBuffer'});
    if (!stem.data) throw new Error(`the source ${name} was answered with ${stem.response.status}`);
    stems.set(name, new Uint8Array(stem.data));
  }
  return {task, stems};
}

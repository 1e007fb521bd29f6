// Mistakes that the generated types have to find: each line below one that is expected to fail must fail.
import createClient from 'openapi-fetch';
import type {components, paths} from './schema.js';

const client = createClient<paths>({baseUrl: ''});

// @ts-expect-error there is no such path
void client.GET('/api/v1/separate');
// @ts-expect-error the task's id is missing
void client.GET('/api/v1/tasks/{task_id}', {params: {path: {}}});
// @ts-expect-error there is no such status
void client.GET('/api/v1/tasks', {params: {query: {status: ['finished']}}});
// @ts-expect-error there is no such encoding
export const encoding: components['schemas']['Submission']['pcm_type'] = 'PCM_8';
// @ts-expect-error a task's progress is a number
export const progress = (task: components['schemas']['Task']): string => task.progress;

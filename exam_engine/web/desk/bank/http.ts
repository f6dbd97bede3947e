/** Calls about the bank. */

import { api, got } from '@shared/api'
import { type Upload, upload } from '../parts/upload'
import type { BankQuery } from './filters'
import type { BankImport, BankPicture, ItemContent, MoveEvent, MoveItems, NearAsked, NewItem, SetPool } from './shapes'

const ofItem = (item_id: number) => ({ params: { path: { item_id } } })
const ofJob = (job: string) => ({ params: { path: { job } } })

export const bankHttp = {
  tasks: () => got(api.GET('/api/bank/tasks')),
  pools: () => got(api.GET('/api/bank/pools')),
  addPool: (body: SetPool) => got(api.POST('/api/bank/pools', { body })),
  setPool: (body: SetPool) => got(api.PUT('/api/bank/pools', { body })),
  topics: (pool: string) => got(api.GET('/api/bank/topics', { params: { query: { pool } } })),
  facets: (pool: string) => got(api.GET('/api/bank/facets', { params: { query: { pool } } })),
  items: (query: BankQuery) => got(api.GET('/api/bank/items', { params: { query } })),
  item: (itemId: number) => got(api.GET('/api/bank/items/{item_id}', ofItem(itemId))),
  add: (body: NewItem) => got(api.POST('/api/bank/items', { body })),
  save: (itemId: number, revision: number, content: ItemContent) =>
    got(api.PUT('/api/bank/items/{item_id}', { ...ofItem(itemId), body: { revision, content } })),
  move: (itemId: number, revision: number, event: MoveEvent, reason = '') =>
    got(api.POST('/api/bank/items/{item_id}/move', { ...ofItem(itemId), body: { revision, event, reason } })),
  moveAll: (body: MoveItems) => got(api.POST('/api/bank/moves', { body })),
  copy: (itemId: number) => got(api.POST('/api/bank/items/{item_id}/copy', ofItem(itemId))),
  setEnemies: (itemId: number, revision: number, enemies: string[]) =>
    got(api.PUT('/api/bank/items/{item_id}/enemies', { ...ofItem(itemId), body: { revision, enemies } })),
  version: (item_id: number, version_id: number) =>
    got(api.GET('/api/bank/items/{item_id}/versions/{version_id}', { params: { path: { item_id, version_id } } })),
  preview: (contents: ItemContent[], at: number) => got(api.POST('/api/bank/preview', { body: { contents, at } })),
  near: (body: NearAsked) => got(api.POST('/api/bank/near', { body })),
  duplicates: (pool: string, least: number) =>
    got(api.GET('/api/bank/duplicates', { params: { query: { pool, least } } })),
  imports: () => got(api.GET('/api/bank/imports')),
  import: (job: string) => got(api.GET('/api/bank/imports/{job}', ofJob(job))),
  confirm: (job: string, keep_good: boolean) =>
    got(api.POST('/api/bank/imports/{job}/confirm', { ...ofJob(job), body: { keep_good } })),
  drop: (job: string) => got(api.DELETE('/api/bank/imports/{job}', ofJob(job))),
  checkExport: (query: BankQuery & { format: string }) => got(api.GET('/api/bank/export/check', { params: { query } })),
}

/** Where a picture of an item is. */
export const pictureUrl = (name: string): string => `/api/bank/pictures/${name}`

export function exportUrl(query: BankQuery & { format: string }): string {
  return `/api/bank/export?${new URLSearchParams(query as Record<string, string>).toString()}`
}

export function sendPicture(file: Blob, onSent: (bytes: number) => void): Upload<BankPicture> {
  return upload('/api/bank/pictures', file, 'application/octet-stream', onSent)
}

/** Send a file of items; it is only read. */
export function sendItems(pool: string, file: File, format: string, onSent: (bytes: number) => void): Upload<BankImport> {
  const query = new URLSearchParams({ pool, name: file.name, format })
  return upload(`/api/bank/imports?${query.toString()}`, file, 'application/octet-stream', onSent)
}

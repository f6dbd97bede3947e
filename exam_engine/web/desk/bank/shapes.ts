/** The words of the server about the bank, by short names. */

import type { components } from '@shared/api.gen'

type Shapes = components['schemas']

/** As the server gives it: every field is there. */
export type ItemContent = Required<Shapes['ItemContent']>
export type ItemKind = ItemContent['type']
export type PictureRef = Shapes['PictureRef']
export type PoolRow = Shapes['PoolRow']
export type SetPool = Shapes['SetPool']
export type TopicRow = Shapes['TopicRow']
export type Facets = Shapes['Facets']
export type SharedCode = Shapes['SharedCode']
export type BankItemRow = Shapes['BankItemRow']
export type BankItemPage = Shapes['BankItemPage']
export type BankItemDetail = Shapes['BankItemDetail']
export type AlarmRow = Shapes['AlarmRow']
export type ItemProblem = Shapes['ItemProblem']
export type NewItem = Shapes['NewItem']
export type MoveItems = Shapes['MoveItems']
export type MovedItems = Shapes['MovedItems']
export type MoveEvent = Shapes['MoveItem']['event']
export type VersionDetail = Shapes['VersionDetail']
export type BankPreview = Shapes['BankPreview']
export type BankTasks = Shapes['BankTasks']
export type NearAsked = Shapes['NearAsked']
export type NearRow = Shapes['NearRow']
export type NearRows = Shapes['NearRows']
export type DuplicatePair = Shapes['DuplicatePair']
export type DuplicateReport = Shapes['DuplicateReport']
export type BankPicture = Shapes['BankPicture']
export type BankImport = Shapes['BankImport']
export type FileLine = Shapes['FileLine']
export type ExportReport = Shapes['ExportReport']

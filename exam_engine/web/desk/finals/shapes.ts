/** The words of the server these pages use, by short names. */

import type { components } from '@shared/api.gen'

type Shapes = components['schemas']

export type ArchiveView = Shapes['ArchiveView']
export type DecideFinal = Shapes['DecideFinal']
export type FinalCount = Shapes['FinalCount']
export type FinalCounts = Shapes['FinalCounts']
export type FinalDetail = Shapes['FinalDetail']
export type FinalLine = Shapes['FinalLine']
export type FinalRow = Shapes['FinalRow']
export type LegsView = Shapes['LegsView']
export type ListPaper = Shapes['ListPaper']
export type PaperImportView = Shapes['PaperImportView']
export type PaperPerson = Shapes['PaperPerson']
export type PublishOrder = Shapes['PublishOrder']
export type RecheckRow = Shapes['RecheckRow']
export type ResultNotice = Shapes['ResultNotice']

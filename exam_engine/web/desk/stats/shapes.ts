/** The words of the server these pages use, by short names (exam_engine/edge/stats_shapes.py). */

import type { components } from '@shared/api.gen'

type Shapes = components['schemas']

export type Affected = Shapes['Affected']
export type AlarmView = Shapes['AlarmView']
export type AskWhatIf = Shapes['AskWhatIf']
export type Calibration = Shapes['Calibration']
export type ItemDetail = Shapes['ItemDetail']
export type ItemFigures = Shapes['ItemFigures']
export type Likenesses = Shapes['Likenesses']
export type ProposalRow = Shapes['ProposalRow']
export type ProposalView = Shapes['ProposalView']
export type Propose = Shapes['Propose']
export type RulingShape = Shapes['RulingShape']
export type SchemeView = Shapes['SchemeView']
export type ScoreCount = Shapes['ScoreCount']
export type SetScheme = Shapes['SetScheme']
export type SittingStatistics = Shapes['SittingStatistics']
export type StatisticsRow = Shapes['StatisticsRow']
export type WhatIf = Shapes['WhatIf']

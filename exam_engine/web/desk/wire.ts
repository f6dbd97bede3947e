/**
 * The words of the server this desk uses, by short names. Everything comes from the generated types, but the frames
 * of the board's socket: they are no part of a description of HTTP.
 */

import type { components } from '@shared/api.gen'

type Shapes = components['schemas']

export type Me = Shapes['Me']
export type DeskSitting = Shapes['DeskSitting']
export type DeskSittings = Shapes['DeskSittings']
export type Tile = Shapes['Tile']
export type BoardSnapshot = Shapes['BoardSnapshot']
export type ActRequest = Shapes['ActRequest']
export type ActCommand = ActRequest['command']
export type ActOutcome = Shapes['ActOutcome']
export type ActTarget = Shapes['ActTarget']
export type PastAct = Shapes['PastAct']
export type PastActs = Shapes['PastActs']
export type Timeline = Shapes['Timeline']
export type TimelineEvent = Shapes['TimelineEvent']
export type Results = Shapes['Results']
export type ResultRow = Shapes['ResultRow']
export type ExtraTime = Shapes['ExtraTime']
export type Awaited = Shapes['Awaited']
export type CaseRow = Shapes['CaseRow']
export type CaseList = Shapes['CaseList']
export type CaseView = Shapes['CaseView']
export type CaseEventRow = Shapes['CaseEventRow']
export type IncidentRow = Shapes['IncidentRow']
export type Attach = Shapes['Attach']
export type Decide = Shapes['Decide']
export type DecideAppeal = Shapes['DecideAppeal']
export type PhotoRow = Shapes['PhotoRow']
export type PhotoRows = Shapes['PhotoRows']
export type ImportedPhoto = Shapes['ImportedPhoto']
export type PhotoImport = Shapes['PhotoImport']
export type Centre = Shapes['Centre']
export type CentreSitting = Shapes['CentreSitting']
export type Counts = Shapes['Counts']
export type CountsAt = Shapes['CountsAt']
export type GroupCounts = Shapes['GroupCounts']
export type VisionView = Shapes['VisionView']
export type Retention = Shapes['Retention']
export type DeletionRow = Shapes['DeletionRow']
export type ReviewRow = Shapes['ReviewRow']
export type ReviewPage = Shapes['ReviewPage']
export type ReviewCounts = Shapes['ReviewCounts']
export type StateCount = Shapes['StateCount']
export type ReviewDetail = Shapes['ReviewDetail']
export type ReviewChange = Shapes['Change']
export type Opinion = Shapes['Opinion']
export type ConductRow = Shapes['ConductRow']
export type DecideReview = Shapes['DecideReview']
export type Decided = Shapes['Decided']
export type ApprovedLine = Shapes['ApprovedLine']
export type DocumentView = Shapes['DocumentView']
export type MoveView = Shapes['MoveView']
export type AssessmentRow = Shapes['AssessmentRow']
export type AssessmentPage = Shapes['AssessmentPage']
export type ImportReport = Shapes['ImportReport']
export type InstitutionFound = Shapes['InstitutionFound']
export type RowProblem = Shapes['RowProblem']
export type FormShape = Shapes['Form']
export type FormField = Shapes['Field']
export type Complaint = Shapes['Complaint']

/**
 * What the board's socket says. The first is the whole board, then only what changed. A large board comes in parts:
 * `board` brings the last of its tiles.
 */
export type BoardFrame =
  | { type: 'part'; tiles: Tile[] }
  | BoardSnapshot
  | { type: 'tiles'; now: string; tiles: Tile[] }
  | { type: 'pong'; now?: string }
  | { type: 'bye'; code: string; retry_after_ms?: number }

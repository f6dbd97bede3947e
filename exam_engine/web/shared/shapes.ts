/** Short names for the shapes generated from openapi.json (`npm run generate`). */
import type { components } from './api.gen'

type Schemas = components['schemas']

export type AttemptView = Schemas['AttemptView']
export type BatchOutcome = Schemas['BatchOutcome']
export type CameraCode = Schemas['CameraCode']
export type CameraPaired = Schemas['CameraPaired']
export type CameraState = Schemas['CameraState']
export type CameraView = Schemas['CameraView']
export type Captured = Schemas['Captured']
export type CheckBegun = Schemas['CheckBegun']
export type Clock = Schemas['Clock']
export type CommandResult = Schemas['CommandResult']
export type FrameSeen = Schemas['FrameSeen']
export type ItemView = Schemas['ItemView']
export type Me = Schemas['Me']
export type NoticeView = Schemas['NoticeView']
export type OptionView = Schemas['OptionView']
export type OwnCapture = Schemas['OwnCapture']
export type OwnCase = Schemas['OwnCase']
export type OwnIncident = Schemas['OwnIncident']
export type OwnLog = Schemas['OwnLog']
export type OwnNotice = Schemas['OwnNotice']
export type PaperList = Schemas['PaperList']
export type PaperListEntry = Schemas['PaperListEntry']
export type PaperView = Schemas['PaperView']
export type Phase = Schemas['Phase']
export type PhotoChecked = Schemas['PhotoChecked']
export type PhotoState = Schemas['PhotoState']
export type Portrait = Schemas['Portrait']
export type SignalBatch = Schemas['SignalBatch']
export type SignalSent = Schemas['SignalSent']
export type SignalsTaken = Schemas['SignalsTaken']
export type Watching = Schemas['Watching']

export type Fact = string | number | boolean | null
export type Facts = Record<string, Fact>

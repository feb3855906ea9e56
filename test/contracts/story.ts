import { createReplay, type Replay } from './replay.ts'
import * as admin from './story-admin.ts'
import * as datasets from './story-datasets.ts'
import * as inferences from './story-inferences.ts'
import * as people from './story-people.ts'

/** Plays the recorded requests in the order of the recording, on a system that runs at `baseUrl`. */
export async function tellStory(baseUrl: string): Promise<Replay> {
  const replay = createReplay(baseUrl)
  const cast = await people.playRegistrations(replay)
  await people.playSystem(replay, cast)
  await people.playAccess(replay, cast)

  await datasets.playCreations(replay, cast)
  await datasets.playUploads(replay, cast)
  await datasets.playReading(replay, cast)

  await inferences.playWrongStarts(replay, cast)
  await inferences.playInference(replay, cast)
  await inferences.playStranger(replay, cast)

  await people.playAccountChanges(replay, cast)
  await admin.playEmptyPurse(replay, cast)
  await inferences.playToTheLastToken(replay, cast)
  await admin.playRecharges(replay, cast)
  await admin.playMonitoring(replay, cast)

  await datasets.playDatasetChanges(replay, cast)
  await people.playDeletion(replay, cast)
  return replay
}

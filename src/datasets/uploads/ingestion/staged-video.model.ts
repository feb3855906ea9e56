import type { VideoRow } from '../../videos/videos.table.ts'

/** A mask of a video as it is sent to be sampled. */
export type StagedMask =
  | { readonly kind: 'video'; readonly key: string }
  | {
      readonly kind: 'still'
      readonly key: string
      /** Where it is written in the video's size; null where it has that size already. */
      readonly scaledKey: string | null
    }

/** What an entry's `video` column holds once the video was probed. */
export interface StagedVideo {
  readonly videoId: string
  readonly sourceKey: string
  readonly firstPts: number
  readonly width: number
  readonly height: number
  readonly mask: StagedMask
}

export type NewVideo = Omit<VideoRow, 'uploadIndex'>

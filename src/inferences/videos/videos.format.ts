import type { ListedVideo } from './videos.repository.ts'

/** The videos that were made, as the original tells them. */
export function formatVideos(videos: readonly ListedVideo[]) {
  return succeededVideos(videos).map(formatVideo)
}

export function succeededVideos(videos: readonly ListedVideo[]): ListedVideo[] {
  return videos.filter((video) => video.state === 'SUCCEEDED')
}

/** What a video that was made is, beside where it is. */
export function formatVideoFacts(
  video: ListedVideo,
  { gramsPerJoule }: { readonly gramsPerJoule: number },
) {
  return {
    ...formatVideo(video),
    status: 'SUCCEEDED' as const,
    width: video.width,
    height: video.height,
    frameCount: video.frameCount,
    fps: framesPerSecond(video),
    durationSeconds: video.durationSeconds,
    sizeBytes: video.sizeBytes,
    /** The indexes of the frames that are shown as they were uploaded. */
    replacedFrames: JSON.parse(video.replacedFrames) as number[],
    notes: JSON.parse(video.notes) as string[],
    carbonGrams: video.joules * gramsPerJoule,
    energyMethod: video.energyMethod,
  }
}

/** The videos that could not be made; the results of their frames stay. */
export function formatVideoFailures(videos: readonly ListedVideo[]) {
  return videos
    .filter((video) => video.state === 'FAILED')
    .map((video) => ({
      originalPath: video.sourceKey ?? '',
      imageName: video.name,
      code: video.errorCode ?? 'unknown',
      message: video.errorMessage ?? '',
    }))
}

function formatVideo(video: ListedVideo) {
  return { originalVideoId: String(video.uploadIndex), outputPath: video.resultKey }
}

/** The rate that was sampled, or the source's on average, to a thousandth. */
function framesPerSecond({ sampledFps, sourceFps }: ListedVideo): number | null {
  const text = sampledFps === 'source' ? sourceFps : sampledFps
  if (text === null) return null
  const [frames = 0, seconds = 1] = text.split('/').map(Number)
  return Math.round((frames / seconds) * 1000) / 1000
}

import { defineReasons } from '../../shared/errors.ts'

/** Why a file of an archive became no data; `upload.report` tells them beside the codes of refused pictures. */
export const entryReasons = defineReasons({
  'entry.folder': {
    meaning:
      'The entry is a folder, which is nothing by itself; the files in it are told one by one.',
    remedy: 'Nothing needs to be done, and nothing is charged for it.',
  },
  'entry.hidden': {
    meaning:
      'The file is hidden or one that operating systems add, such as `.DS_Store`, `__MACOSX` or `Thumbs.db`, and was left out.',
    remedy:
      'Nothing needs to be done. If it is a picture of yours, take the dot from the beginning of its name or of its folder’s, and send the archive again. Nothing is charged for it.',
  },
  'entry.format': {
    meaning:
      'The ending of the file’s name is none of those that are read: png, jpg, jpeg, webp, mp4, avi, mov, mkv and webm. It was left out.',
    remedy:
      'Nothing needs to be done for texts and the like. A picture or video in another format is converted first, and the archive sent again. Nothing is charged for it.',
  },
  'entry.empty': {
    meaning: 'The file has 0 bytes, so that it can be neither a picture nor a mask.',
    remedy:
      'Put a whole copy of it into the archive and send that again. Nothing is charged for a file that is rejected.',
  },
  'entry.replaced': {
    meaning:
      'A later entry of the archive has the same path, and takes this one’s place, as it would on a disk.',
    remedy:
      'Nothing needs to be done if the later one is the right one. Otherwise give each file a path of its own and send the archive again. Nothing is charged for it.',
  },
  'entry.unpaired': {
    meaning:
      'A picture or video has no mask, or a mask has nothing that it belongs to, in the folder that holds it; `reason` says what was looked for.',
    remedy:
      'Put both into one folder and give them the same number, as in `image_10.png` and `mask_10.png`; a mask’s name contains `mask`. Then send the archive again, or an archive of the missing pairs. Nothing is charged for a file that is rejected.',
  },
  'entry.ambiguous': {
    meaning:
      'Several pictures or several masks of one folder have the same number, or none, so that nobody can tell which belong together; `reason` names them.',
    remedy:
      'Give each pair a number of its own, or a folder of its own, and send the archive again. Nothing is charged for files that are rejected.',
  },
  'entry.video_mask': {
    meaning: 'The file is a picture and the mask that pairs with it a video, or it is that mask.',
    remedy:
      'Give the picture a mask that is a PNG, JPEG or WebP of its size, or the mask the video that it was made for. Nothing is charged for files that are rejected.',
  },
})

export type EntryCode = (typeof entryReasons.all)[number]['code']

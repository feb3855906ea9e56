import { defineReasons } from '../../shared/errors.ts'

/** Why an item or a video of an inference was not made, where it is about the inference's own course. */
export const taskReasons = defineReasons({
  'inference.aborted': {
    meaning:
      'The inference was aborted, by its owner or an administrator or because the account was deleted, before this item or video was made.',
    remedy:
      'Start another inference over the dataset if you want it after all. What had succeeded before is kept and paid; this was refunded.',
  },
  'inference.deadline_passed': {
    meaning:
      'The inference did not end within 24 hours, and this item or video was not made by then.',
    remedy:
      'Start a new inference, over a smaller dataset or with a quicker model such as `telea`; if nothing moves at all, the inference service is away. This was refunded.',
  },
  'task.retries_exhausted': {
    meaning:
      'The task that this item or video belongs to was tried again and again and could not be ended; `message` tells the last reason by its code.',
    remedy:
      'Look the last reason up under its own code, then start a new inference. Items that failed so were refunded, and the results of a video’s frames are kept.',
  },
  'task.attempts_exhausted': {
    meaning:
      'The task that this item or video belongs to was begun 12 times and never ended: each time the process that ran it was lost.',
    remedy:
      'Start a new inference; if it fails in the same way, leave out what fails and tell whoever runs the API. Items that failed so were refunded.',
  },
  'task.item_unanswered': {
    meaning: 'The inference service ended its answer without a word about this item.',
    remedy:
      'Start a new inference for it. If it happens again, tell whoever runs the API that the two services may be of different versions. The item was refunded.',
  },
  'task.broken': {
    meaning:
      'A run of the task failed inside the API, and the task is tried again; the reason is in the log.',
    remedy:
      'Nothing needs to be done unless it happens again and again: then tell whoever runs the API the id of the inference. Nothing is charged twice.',
  },
  'video.source_gone': {
    meaning:
      'The video that a result video was to be made of is no longer there: its dataset was deleted and its media freed meanwhile.',
    remedy:
      'Upload the video again and start an inference over it. The results of its frames are kept as pictures.',
  },
  'video.no_frame_succeeded': {
    meaning:
      'No frame of the video could be inpainted, so that there is nothing to make a result video of.',
    remedy:
      'Look at the failures of its frames in `GET /api/inferences/:id`, mend what they name, and start again. The frames were refunded.',
  },
})

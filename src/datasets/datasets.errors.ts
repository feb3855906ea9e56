import { defineErrors } from '../shared/errors.ts'

export const datasetErrors = defineErrors({
  'datasets.name_required': {
    status: 400,
    hint: "Send 1 to 255 characters of text: as 'name' where a dataset is made, as 'datasetName' where files are sent.",
    meaning:
      'The request names no dataset: the field is missing, empty, only spaces, or not text. Routes that make one call it `name`, and the upload calls it `datasetName`.',
    remedy:
      "Send the name as text of 1 to 255 characters. In an upload's form put `datasetName` beside the files, as a field of its own. Nothing was stored and nothing was charged.",
  },
  'datasets.name_invalid': {
    status: 400,
    meaning:
      'The name cannot be that of a dataset: it has more than 255 characters, holds a control character such as a line break, or is `.` or `..`, which cannot stand in an address. `message` says which.',
    remedy:
      'Choose a name of 1 to 255 characters of any script. Spaces inside are fine; in an address they are percent-encoded, as in `My%20photos`. Nothing was changed.',
  },
  'datasets.name_taken': {
    status: 400,
    meaning:
      "You have a dataset with exactly this name already. Names are yours alone: other users' do not matter, and those of deleted datasets are free again.",
    remedy:
      'Use the dataset that is there, or choose another name, or delete the old one by `DELETE /api/datasets/:name` first. If you are sending the creation again whose answer was lost, use the `Idempotency-Key` of the first time. Nothing was changed.',
  },
  'datasets.tags_invalid': {
    status: 400,
    meaning:
      'The tags are not a list that a dataset can have: `tags` must be an array of at most 100 texts of at most 100 characters each, without control characters. `message` names the tag that is wrong, counted from 0.',
    remedy:
      'Send them as in `"tags": ["scratch", "holidays"]`, or leave `tags` out. Nothing was changed.',
  },
  'datasets.nothing_to_update': {
    status: 400,
    meaning: 'The update holds neither `name` nor `tags`, so that there is nothing to change.',
    remedy:
      "Send `name`, `tags` or both as fields of a JSON object. `tags` replaces all of the dataset's tags; an empty array takes them away. Nothing was changed.",
  },
  'datasets.no_changes': {
    status: 400,
    meaning: 'The dataset has this name and these tags already; the order of tags does not count.',
    remedy:
      'There is nothing to do, unless you meant another dataset or another name. `GET /api/datasets/:name` shows what it is like now. Nothing was changed.',
  },
  'datasets.not_found': {
    status: 404,
    hint: 'GET /api/datasets/ lists your datasets. Upper and lower case of a name count.',
    meaning:
      'You have no dataset of this name: it was never made, was deleted or renamed, or belongs to somebody else, which is told in the same way.',
    remedy:
      'Look at your datasets by `GET /api/datasets/`, with `?includeDeleted=true` also at deleted ones, and take the name from there; upper and lower case count. Make a new one by `POST /api/datasets/`. Nothing was stored and nothing was charged.',
  },
  'datasets.file_not_found': {
    status: 404,
    hint: 'GET /api/datasets/:name/data tells the files, as imagePath and maskPath.',
    meaning:
      'The dataset is there, but none of its items has an image or a mask of this file name; names are compared as a whole.',
    remedy:
      'Take the file name from `imagePath` or `maskPath` in `GET /api/datasets/:name/data`, the part after the last `/`, and ask for it under `image` or `mask` accordingly. The `imageUrl` and `maskUrl` beside them work without any of this.',
  },
})

export function createDatasetNotFound(message = 'Dataset not found') {
  return datasetErrors.createError('datasets.not_found', message)
}

const userId = (/** @type {string} */ index) =>
  `printf('%08x-0000-4000-8000-%012x', ${index}, ${index})`

/** A table of 1 to `count`, for what is filled from it. @param {number} count */
const numbers = (count) =>
  `WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ${count})`

/**
 * Statements that bring the dataset's items, the users and the transactions up to a number: the items like the
 * dataset's first one, every second transaction that user's.
 * @param {import('./read-routes.mjs').Facts} facts @param {number} count
 */
export function fillTables({ dataset, user }, count) {
  const email = user.credentials.email
  const datasetId = `(SELECT id FROM datasets WHERE name = '${dataset}')`
  const nowMs = Date.now()
  return [
    `${numbers(count)}
     INSERT INTO dataset_items (dataset_id, position, kind, upload_id, upload_index, image_key, mask_key, image_name,
       width, height, hole_pixels, image_bytes, mask_bytes, image_sha256, mask_sha256, created_at)
     SELECT dataset_id, i, kind, upload_id, upload_index, image_key || i, mask_key || i, image_name,
       width, height, hole_pixels, image_bytes, mask_bytes, image_sha256, mask_sha256, created_at
     FROM numbers, dataset_items
     WHERE dataset_id = ${datasetId} AND position = 0 AND i > 9 AND i < ${count}`,
    `UPDATE datasets SET item_count = ${count} WHERE id = ${datasetId}`,
    `${numbers(count)}
     INSERT INTO users (id, name, surname, email, email_key, password_hash, role, created_at, updated_at)
     SELECT ${userId('i')}, 'Name ' || i, 'Surname ' || i, i || '@example.com', i || '@example.com', 'none', 'user',
       ${nowMs} - i, ${nowMs} - i FROM numbers`,
    `${numbers(count)}
     INSERT INTO token_accounts (user_id, balance, version, updated_at)
     SELECT ${userId('i')}, 1000 * i, 1, ${nowMs} - i FROM numbers`,
    `${numbers(count)}
     INSERT INTO token_transactions (id, user_id, sequence, operation_type, operation_id, amount, balance_before,
       balance_after, status, description, version, created_at)
     SELECT 'filled-' || i,
       iif(i % 2 = 0, (SELECT id FROM users WHERE email = '${email}'), ${userId('i')}),
       1000 + i, iif(i % 3 = 0, 'recharge', 'upload'), 'operation-' || i, 100, 1000, 1100, 'completed', 'Filled', 1,
       ${nowMs} - i FROM numbers`,
  ]
}

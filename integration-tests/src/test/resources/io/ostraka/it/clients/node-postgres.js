// node-postgres: queries with and without parameters, named statements, its pool, notifications, types.
process.noDeprecation = true // what is deprecated still counts
const { Client, Pool } = require('pg')

async function attempt(what, action) {
  try {
    console.log(what, '->', JSON.stringify(await action()))
  } catch (e) {
    console.log(what, '->', e.code, e.message, e.detail || '', e.constraint || '')
  }
}

async function main() {
  const client = new Client()
  await client.connect()
  await client.query(`CREATE TABLE things (id serial PRIMARY KEY, name text UNIQUE, price numeric, at timestamptz,
    tags text[], more jsonb, raw bytea, big bigint, yes boolean)`)
  for (let i = 0; i < 5; i++) {
    const result = await client.query(
      'INSERT INTO things (name, price, at, tags, more, raw, big, yes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id',
      [`thing ${i}`, i / 4, new Date(Date.UTC(2026, 0, 1, i)), ['a', null, `${i}`], { i }, Buffer.from([0, i]), 2n ** 60n, i > 2])
    console.log(result.command, result.rowCount, result.rows)
  }
  const all = await client.query('SELECT * FROM things ORDER BY id')
  console.log(all.fields.map((f) => [f.name, f.dataTypeID, f.dataTypeSize, f.dataTypeModifier, f.format]))
  console.log(JSON.stringify(all.rows))
  console.log((await client.query({ text: 'SELECT id, name FROM things WHERE id = $1', values: [2], rowMode: 'array' })).rows)
  for (let i = 1; i < 4; i++) {
    console.log((await client.query({ name: 'by-id', text: 'SELECT name FROM things WHERE id = $1', values: [i] })).rows)
  }
  await attempt('another text under the same name', () => client.query({ name: 'by-id', text: 'SELECT 1' }))
  const several = await client.query('SELECT 1 AS one; SELECT 2 AS two; UPDATE things SET yes = true')
  console.log(several.map((r) => [r.command, r.rowCount, r.rows]))
  await attempt('an error among several', () => client.query('SELECT 1; SELECT 1/0; SELECT 2'))
  await attempt('an empty query', () => client.query(''))
  await attempt('a duplicate', () => client.query('INSERT INTO things (name) VALUES ($1)', ['thing 1']))
  await attempt('a missing parameter', () => client.query('SELECT $1::int', []))
  await attempt('a wrong type', () => client.query('SELECT $1::int', ['x']))
  await attempt('syntax', () => client.query('SELEC 1'))
  const queued = await Promise.all([1, 2, 3].map((i) => client.query('SELECT $1::int AS i', [i])))
  console.log(queued.map((r) => r.rows[0].i))
  console.log((await client.query({ text: 'SELECT id, big, at FROM things WHERE id = $1', values: [1], binary: true })).rows.length)

  await client.query('BEGIN')
  await client.query("INSERT INTO things (name) VALUES ('gone')")
  await attempt('an error in a transaction', () => client.query('SELECT * FROM missing'))
  await attempt('after it', () => client.query('SELECT 1'))
  await client.query('ROLLBACK')
  await attempt('rolled back', async () => (await client.query("SELECT count(*) FROM things WHERE name = 'gone'")).rows)

  client.on('notice', (notice) => console.log('notice', notice.message))
  await client.query("DO $$ BEGIN RAISE NOTICE 'noticed'; END $$")
  const heard = []
  const three = new Promise((resolve) => client.on('notification', (n) => {
    heard.push([n.channel, n.payload])
    if (heard.length === 3) resolve()
  }))
  await client.query('LISTEN news')
  const other = new Client()
  await other.connect()
  for (const payload of ['a', 'b', 'c']) await other.query('SELECT pg_notify($1, $2)', ['news', payload])
  await three
  console.log(heard)
  await other.end()
  console.log((await client.query('SET statement_timeout = 150')).command)
  await attempt('too slow', () => client.query('SELECT pg_sleep(30)'))
  await client.query('RESET statement_timeout')
  await client.end()

  const configured = new Client({ application_name: 'mine', statement_timeout: 1234, options: '-c work_mem=5MB' })
  await configured.connect()
  for (const name of ['application_name', 'statement_timeout', 'work_mem']) {
    console.log((await configured.query(`SHOW ${name}`)).rows)
  }
  await configured.end()

  const pool = new Pool({ max: 5 })
  const sums = await Promise.all([...Array(50).keys()].map((i) => pool.query('SELECT $1::int + 1 AS sum', [i])))
  console.log(sums.map((r) => r.rows[0].sum).join())
  const borrowed = await pool.connect()
  await borrowed.query('CREATE TEMP TABLE own AS SELECT 1 AS a')
  console.log((await borrowed.query('SELECT * FROM own')).rows)
  borrowed.release()
  await pool.end()

  const wrong = new Client({ password: 'wrong' })
  await attempt('a wrong password', () => wrong.connect())
}

main().catch((e) => {
  console.log('failed', e)
  process.exitCode = 1
})

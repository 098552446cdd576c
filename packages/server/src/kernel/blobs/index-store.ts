import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import type { StoredTree } from './blob-store.ts'

/** Where the bytes of a packed blob lie. Of a `composed` one they are its recipe; `size` is that of the blob. */
export interface Place {
  readonly pack: number
  readonly offset: number
  readonly length: number
  readonly size: number
  readonly composed: boolean
}

export interface PlacedBlob extends Place {
  readonly digest: Buffer
}

export interface KnownPack {
  readonly id: number
  readonly name: string
  /** Records before this offset are in the index. */
  readonly end: number
}

/**
 * Which blob lies where in the packs, and which trees are whole. It belongs to the packs of this folder and not to the
 * database of the server, and could be made again from them: their records carry the digests. So a commit need not wait
 * for the disk; what a power cut takes away is read again from the packs (see `recoverPacks`).
 */
export class BlobIndex {
  readonly #db: DatabaseSync
  readonly #find
  readonly #insert
  readonly #end

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true })
    this.#db = new DatabaseSync(path, { timeout: 10_000 })
    this.#db.exec(`pragma journal_mode=wal; pragma synchronous=normal; pragma cache_size=-32000;
      create table if not exists packs (id integer primary key, name text not null unique, "end" integer not null);
      create table if not exists blobs (digest blob primary key, pack integer not null, "offset" integer not null,
        length integer not null, size integer not null, composed integer not null) without rowid;
      create table if not exists trees (digest text primary key, size integer not null, files integer not null) without rowid`)
    this.#find = this.#db.prepare('select pack, "offset", length, size, composed from blobs where digest = ?')
    this.#insert = this.#db.prepare('insert or ignore into blobs values (?, ?, ?, ?, ?, ?)')
    this.#end = this.#db.prepare('update packs set "end" = max("end", ?) where id = ?')
  }

  find(digest: string): Place | undefined {
    const row = this.#find.get(Buffer.from(digest, 'hex'))
    return row === undefined ? undefined : placeOf(row)
  }

  packs(): KnownPack[] {
    return this.#db.prepare('select id, name, "end" from packs order by id').all() as unknown as KnownPack[]
  }

  addPack(name: string): number {
    return Number(this.#db.prepare('insert into packs (name, "end") values (?, 0)').run(name).lastInsertRowid)
  }

  /** In one transaction: blobs of one pack, and how far that pack is known. */
  add(pack: number, blobs: readonly PlacedBlob[], end: number): void {
    this.#db.exec('begin immediate')
    try {
      for (const { digest, offset, length, size, composed } of blobs)
        this.#insert.run(digest, pack, offset, length, size, composed ? 1 : 0)
      this.#end.run(end, pack)
      this.#db.exec('commit')
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('rollback')
      throw error
    }
  }

  tree(digest: string): StoredTree | undefined {
    const row = this.#db.prepare('select size, files from trees where digest = ?').get(digest)
    return row === undefined ? undefined : { digest, size: Number(row.size), fileCount: Number(row.files) }
  }

  addTree({ digest, size, fileCount }: StoredTree): void {
    this.#db.prepare('insert or ignore into trees values (?, ?, ?)').run(digest, size, fileCount)
  }

  close(): void {
    this.#db.close()
  }
}

const placeOf = (row: Record<string, SQLOutputValue>): Place => ({
  pack: Number(row.pack),
  offset: Number(row.offset),
  length: Number(row.length),
  size: Number(row.size),
  composed: row.composed === 1,
})

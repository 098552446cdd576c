/** A double as proto JSON writes it: NaN and the infinities by name. */
export const doubleOut = (value: number): number | string =>
  Number.isFinite(value) ? value : Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'

/** Proto JSON leaves empty lists out. */
export const listOut = <T>(items: readonly T[]): readonly T[] | undefined => (items.length === 0 ? undefined : items)

/** A column that may be null, as an absent field. */
export const optionalOut = <T>(value: T | null | undefined): T | undefined => value ?? undefined

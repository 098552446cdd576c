/** Column of a window's table with the id of a row. */
export const ROW_ID = '_row_id'
/** Column of a window's table with the time of a row. */
export const ROW_TIME = '_time'

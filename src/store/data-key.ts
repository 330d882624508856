/**
 * Reads the data key file (one line: 32 bytes in base64); makes it, mode 0600, where `create` and it is absent.
 * @throws {StoreError} DATA_KEY_MISSING, DATA_KEY_INVALID, DATA_KEY_EXPOSED (others can read it),
 * DATA_KEY_MISPLACED (it lies inside the state folder: key and lock in one place)
 */
export async function loadDataKey(
  _path: string,
  _options: { readonly stateDir: string; readonly create: boolean },
): Promise<Uint8Array> {
  throw new Error('not yet')
}

/** What a child process finds in its environment although nobody named it: what programs need to run, and nothing that opens a door. */
const PASSED_ON: readonly RegExp[] = [
  /^(PATH|HOME|USER|LOGNAME|SHELL|PWD|TMPDIR|TMP|TEMP|TZ|CI)$/,
  /^(TERM|COLORTERM|NO_COLOR|FORCE_COLOR|COLUMNS|LINES)$/,
  /^(LANG|LANGUAGE|LC_[A-Z]+)$/,
  /^XDG_[A-Z_]+$/,
  // Where libraries and certificates are.
  /^(LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|SSL_CERT_FILE|SSL_CERT_DIR|NODE_EXTRA_CA_CERTS)$/,
  // Windows, where names have no case.
  /^(SystemRoot|SystemDrive|windir|ComSpec|PATHEXT|USERPROFILE|USERNAME|APPDATA|LOCALAPPDATA|ProgramData|ProgramFiles(\(x86\))?|NUMBER_OF_PROCESSORS|PROCESSOR_ARCHITECTURE|OS)$/i,
]

/**
 * The part of an environment that a child process is given: what programs need to run, and the names it is to keep besides.
 * Whatever opens a vault, a registry or a database stays here.
 */
export function childEnvironment(env: Readonly<Record<string, string | undefined>>, keep: readonly string[] = []): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => keep.includes(name) || PASSED_ON.some((pattern) => pattern.test(name)))
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

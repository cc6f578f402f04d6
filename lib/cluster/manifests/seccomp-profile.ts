/**
 * System calls that a container may make.
 *
 * Control: CON-4.
 */
export class SeccompProfile {
  /** The profile of the container runtime. */
  static readonly RUNTIME_DEFAULT = new SeccompProfile();

  /**
   * The profile that this package ships in `seccomp/mcp-server.json`: what servers of Node.js, Python and Go need, and nothing else. It has to be on every
   * node, at `profiles/mcp-server.json` below the kubelet's folder of profiles.
   */
  static readonly MCP_SERVER = new SeccompProfile('profiles/mcp-server.json');

  /**
   * A profile that is on every node.
   *
   * @param path below the kubelet's folder of profiles, for example 'profiles/mcp-server.json'
   */
  static localhost(path: string): SeccompProfile {
    if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/.test(path)) {
      throw new Error(`the seccomp profile is at ${JSON.stringify(path)}, expected a path below the kubelet's folder of profiles, such as "profiles/mcp-server.json"`);
    }
    return new SeccompProfile(path);
  }

  private constructor(/** @internal */ readonly _path?: string) {}
}

/**
 * The networks that are not the public internet: the IANA special-purpose address registries (RFC 6890; IPv4 as of 2025-10-09, IPv6 as of 2025-10-09), those of
 * their rows that are not globally reachable, and what stands in other registries or in none. Rows that are reachable inside of one that is not come first.
 */
export interface NetworkRow {
  readonly network: string;
  readonly name: string;
  /** What makes it so. */
  readonly reference: string;
  readonly isPublic?: true;
}

/** The special-purpose registries of IANA for IPv4 and IPv6 (RFC 6890), as a table. */
export const specialNetworks: readonly NetworkRow[] = [
  { network: '0.0.0.0/8', name: 'This network', reference: 'RFC 791' },
  { network: '10.0.0.0/8', name: 'Private-Use', reference: 'RFC 1918' },
  { network: '100.64.0.0/10', name: 'Shared Address Space', reference: 'RFC 6598' },
  { network: '127.0.0.0/8', name: 'Loopback', reference: 'RFC 1122' },
  { network: '169.254.0.0/16', name: 'Link Local', reference: 'RFC 3927' },
  { network: '172.16.0.0/12', name: 'Private-Use', reference: 'RFC 1918' },
  { network: '192.0.0.9/32', name: 'Port Control Protocol Anycast', reference: 'RFC 7723', isPublic: true },
  { network: '192.0.0.10/32', name: 'Traversal Using Relays around NAT Anycast', reference: 'RFC 8155', isPublic: true },
  { network: '192.0.0.0/24', name: 'IETF Protocol Assignments', reference: 'RFC 6890' },
  { network: '192.0.2.0/24', name: 'Documentation (TEST-NET-1)', reference: 'RFC 5737' },
  { network: '192.88.99.0/24', name: 'Deprecated (6to4 Relay Anycast)', reference: 'RFC 7526' },
  { network: '192.168.0.0/16', name: 'Private-Use', reference: 'RFC 1918' },
  { network: '198.18.0.0/15', name: 'Benchmarking', reference: 'RFC 2544' },
  { network: '198.51.100.0/24', name: 'Documentation (TEST-NET-2)', reference: 'RFC 5737' },
  { network: '203.0.113.0/24', name: 'Documentation (TEST-NET-3)', reference: 'RFC 5737' },
  { network: '224.0.0.0/4', name: 'Multicast', reference: 'RFC 5771' },
  { network: '240.0.0.0/4', name: 'Reserved', reference: 'RFC 1112' },
  // Looks public, and is the host of a virtual machine.
  { network: '168.63.129.16/32', name: 'Azure platform', reference: 'metadata' },

  { network: '::/128', name: 'Unspecified Address', reference: 'RFC 4291' },
  { network: '::1/128', name: 'Loopback Address', reference: 'RFC 4291' },
  { network: '64:ff9b:1::/48', name: 'IPv4-IPv6 Translation', reference: 'RFC 8215' },
  { network: '100::/64', name: 'Discard-Only Address Block', reference: 'RFC 6666' },
  { network: '100:0:0:1::/64', name: 'Dummy IPv6 Prefix', reference: 'RFC 9780' },
  { network: '2001::/32', name: 'TEREDO', reference: 'RFC 4380' },
  { network: '2001:1::1/128', name: 'Port Control Protocol Anycast', reference: 'RFC 7723', isPublic: true },
  { network: '2001:1::2/128', name: 'Traversal Using Relays around NAT Anycast', reference: 'RFC 8155', isPublic: true },
  { network: '2001:1::3/128', name: 'DNS-SD Service Registration Protocol Anycast', reference: 'RFC 9665', isPublic: true },
  { network: '2001:3::/32', name: 'AMT', reference: 'RFC 7450', isPublic: true },
  { network: '2001:4:112::/48', name: 'AS112-v6', reference: 'RFC 7535', isPublic: true },
  { network: '2001:20::/28', name: 'ORCHIDv2', reference: 'RFC 7343', isPublic: true },
  { network: '2001:30::/28', name: 'Drone Remote ID Protocol Entity Tags', reference: 'RFC 9374', isPublic: true },
  { network: '2001::/23', name: 'IETF Protocol Assignments', reference: 'RFC 2928' },
  { network: '2001:db8::/32', name: 'Documentation', reference: 'RFC 3849' },
  { network: '3fff::/20', name: 'Documentation', reference: 'RFC 9637' },
  { network: '5f00::/16', name: 'Segment Routing SIDs', reference: 'RFC 9602' },
  { network: 'fc00::/7', name: 'Unique-Local', reference: 'RFC 4193' },
  { network: 'fe80::/10', name: 'Link-Local Unicast', reference: 'RFC 4291' },
  { network: 'fec0::/10', name: 'Site-Local Unicast', reference: 'RFC 3879' },
  { network: 'ff00::/8', name: 'Multicast', reference: 'RFC 4291' },
];

import { insert, remove, rename, set, type YamlFile } from './file.ts';

export const serviceFiles: YamlFile[] = [
  {
    name: 'chrony, with flow lists over lines',
    text: `chrony:
  pools: [
    0.pool.ntp.org,   # public
    1.pool.ntp.org,

    ntp.example.org,  # ours
  ]
  servers: [ 10.0.0.1, 10.0.0.2,
             10.0.0.3 ]
  options: { iburst: yes, minpoll: 4,
             maxpoll: 10 }   # RFC 5905
  allow: []
  keys: {}
  makestep: '1.0 3'
`,
    edits: [
      set(
        'chrony/pools/1',
        '2.pool.ntp.org',
        'an item on its line',
        `-    1.pool.ntp.org,
+    2.pool.ntp.org,`,
      ),
      insert(
        'chrony/pools/3',
        'ntp2.example.org',
        'an item that comes last on a line of its own',
        '+    ntp2.example.org,',
      ),
      insert('chrony/pools/0', 'a.example.org', 'an item that comes first', '+    a.example.org,'),
      remove('chrony/pools/0', 'the first item', '-    0.pool.ntp.org,   # public'),
      remove('chrony/pools/2', 'the last item', '-    ntp.example.org,  # ours'),
      set(
        'chrony/servers/2',
        '10.0.0.9',
        'an item on the second line',
        `-             10.0.0.3 ]
+             10.0.0.9 ]`,
      ),
      insert(
        'chrony/servers/3',
        '10.0.0.4',
        'an item behind the last',
        `-             10.0.0.3 ]
+             10.0.0.3, 10.0.0.4 ]`,
      ),
      remove(
        'chrony/servers/1',
        'an item at the end of a line',
        `-  servers: [ 10.0.0.1, 10.0.0.2,
+  servers: [ 10.0.0.1,`,
      ),
      set(
        'chrony/options/maxpoll',
        12,
        'a value on the second line',
        `-             maxpoll: 10 }   # RFC 5905
+             maxpoll: 12 }   # RFC 5905`,
      ),
      set(
        'chrony/options/prefer',
        true,
        'a key',
        `-             maxpoll: 10 }   # RFC 5905
+             maxpoll: 10, prefer: true }   # RFC 5905`,
      ),
      insert(
        'chrony/allow/0',
        '10.0.0.0/8',
        'an item in empty brackets',
        `-  allow: []
+  allow: [10.0.0.0/8]`,
      ),
      set(
        'chrony/keys/main',
        'SHA1',
        'a key in empty braces',
        `-  keys: {}
+  keys:
+    main: SHA1`,
      ),
      set(
        'chrony/makestep',
        '0.1 3',
        'a value in its quotes',
        `-  makestep: '1.0 3'
+  makestep: '0.1 3'`,
      ),
    ],
  },
  {
    name: 'netplan',
    text: `network:
    version: 2
    renderer: networkd
    ethernets:
        ens3:
            match: {macaddress: "52:54:00:6b:3c:58"}
            set-name: ens3
            addresses:
                - 10.3.0.5/23
                - "2001:db8::5/64":
                      label: maas
                # replaced with the switch
                - 10.3.9.5/24
            routes:
                -   to: default
                    via: 10.3.0.1
            nameservers:
                search: [lab, home]
                addresses: [8.8.8.8, "2001:4860:4860::8888"]
    bonds:
        bond0:
            interfaces: [ens4, ens5]
            parameters:
                mode: 802.3ad
                lacp-rate:   fast
                mii-monitor-interval: 100
`,
    edits: [
      set(
        'network/ethernets/ens3/match/macaddress',
        '52:54:00:6b:3c:59',
        'a hardware address',
        `-            match: {macaddress: "52:54:00:6b:3c:58"}
+            match: {macaddress: "52:54:00:6b:3c:59"}`,
      ),
      insert(
        'network/ethernets/ens3/addresses/3',
        '10.3.10.5/24',
        'an address that comes last',
        '+                - 10.3.10.5/24',
      ),
      insert(
        'network/ethernets/ens3/addresses/0',
        '10.3.1.5/24',
        'an address that comes first',
        '+                - 10.3.1.5/24',
      ),
      remove(
        'network/ethernets/ens3/addresses/2',
        'an address with its comment',
        `-                # replaced with the switch
-                - 10.3.9.5/24`,
      ),
      remove(
        'network/ethernets/ens3/addresses/1',
        'an address with its label',
        `-                - "2001:db8::5/64":
-                      label: maas`,
      ),
      set(
        'network/ethernets/ens3/routes/0/metric',
        100,
        'a key of a route',
        '+                    metric: 100',
      ),
      insert(
        'network/ethernets/ens3/routes/1',
        new Map([
          ['to', '10.9.0.0/16'],
          ['via', '10.3.0.2'],
        ]),
        'a route like the one there',
        `+                -   to: 10.9.0.0/16
+                    via: 10.3.0.2`,
      ),
      insert(
        'network/ethernets/ens3/nameservers/search/1',
        'corp',
        'a word in brackets',
        `-                search: [lab, home]
+                search: [lab, corp, home]`,
      ),
      set(
        'network/ethernets/ens3/nameservers/addresses/1',
        '2001:db8::53',
        'an address in its quotes',
        `-                addresses: [8.8.8.8, "2001:4860:4860::8888"]
+                addresses: [8.8.8.8, "2001:db8::53"]`,
      ),
      set(
        'network/bonds/bond0/parameters/lacp-rate',
        'slow',
        'an aligned value',
        `-                lacp-rate:   fast
+                lacp-rate:   slow`,
      ),
      set('network/ethernets/ens3/mtu', 9000, 'a key behind a deep one', '+            mtu: 9000'),
      rename(
        'network/bonds/bond0',
        'bond1',
        'a bond',
        `-        bond0:
+        bond1:`,
      ),
      remove(
        'network/bonds',
        'a whole branch',
        `-    bonds:
-        bond0:
-            interfaces: [ens4, ens5]
-            parameters:
-                mode: 802.3ad
-                lacp-rate:   fast
-                mii-monitor-interval: 100`,
      ),
    ],
  },
  {
    name: 'an environment of a cloud deployment',
    text: `# Generated once, kept by hand since.
resource_registry:
  OS::TripleO::Compute::Net::SoftwareConfig: ../network/config/bond-with-vlans/compute.yaml
  OS::TripleO::Services::Ntp: OS::Heat::None

parameter_defaults:
  # ******************************************************
  # Sizes
  # ******************************************************
  ControllerCount: 3
  ComputeCount:    12
  NtpServer: ['clock.example.org','clock2.example.org']
  CloudDomain: "edge.example.org"

  ComputeParameters:
    NovaReservedHostMemory: 4096
    KernelArgs: "default_hugepagesz=1GB hugepagesz=1G hugepages=64 intel_iommu=on"
    NovaPCIPassthrough:
      - vendor_id: "8086"
        product_id: "1572"
        physical_network: datacentre
      - devname: "ens20f0"
        trusted: "true"
  ExtraConfig:
    nova::cpu_allocation_ratio: 1.0
    nova::compute::libvirt::disk_cachemodes: ["network=writeback", "block=none"]
    neutron::plugins::ml2::type_drivers: [ vlan, geneve , flat ]
`,
    edits: [
      set(
        'parameter_defaults/ComputeCount',
        16,
        'an aligned number',
        `-  ComputeCount:    12
+  ComputeCount:    16`,
      ),
      set(
        'parameter_defaults/CloudDomain',
        'edge.example.net',
        'a value in its quotes',
        `-  CloudDomain: "edge.example.org"
+  CloudDomain: "edge.example.net"`,
      ),
      insert(
        'parameter_defaults/NtpServer/1',
        'clock3.example.org',
        'an item in its quotes',
        `-  NtpServer: ['clock.example.org','clock2.example.org']
+  NtpServer: ['clock.example.org','clock3.example.org','clock2.example.org']`,
      ),
      set(
        'parameter_defaults/ComputeParameters/NovaPCIPassthrough/0/vendor_id',
        '15b3',
        'digits in quotes',
        `-      - vendor_id: "8086"
+      - vendor_id: "15b3"`,
      ),
      set(
        'parameter_defaults/ComputeParameters/NovaPCIPassthrough/1/trusted',
        'false',
        'a word that stays a string',
        `-        trusted: "true"
+        trusted: "false"`,
      ),
      set(
        'parameter_defaults/ComputeParameters/NovaPCIPassthrough/1/physical_network',
        'tenant',
        'a key of the last map',
        '+        physical_network: tenant',
      ),
      remove(
        'parameter_defaults/ComputeParameters/NovaPCIPassthrough/0',
        'the first map',
        `-      - vendor_id: "8086"
-        product_id: "1572"
-        physical_network: datacentre`,
      ),
      remove(
        'parameter_defaults/ComputeParameters/NovaPCIPassthrough',
        'a list of maps',
        `-    NovaPCIPassthrough:
-      - vendor_id: "8086"
-        product_id: "1572"
-        physical_network: datacentre
-      - devname: "ens20f0"
-        trusted: "true"`,
      ),
      insert(
        'parameter_defaults/ExtraConfig/neutron::plugins::ml2::type_drivers/3',
        'vxlan',
        'an item behind odd spaces',
        `-    neutron::plugins::ml2::type_drivers: [ vlan, geneve , flat ]
+    neutron::plugins::ml2::type_drivers: [ vlan, geneve , flat, vxlan ]`,
      ),
      remove(
        'parameter_defaults/ExtraConfig/neutron::plugins::ml2::type_drivers/1',
        'an item between odd spaces',
        `-    neutron::plugins::ml2::type_drivers: [ vlan, geneve , flat ]
+    neutron::plugins::ml2::type_drivers: [ vlan, flat ]`,
      ),
      set(
        'parameter_defaults/ExtraConfig/nova::ram_allocation_ratio',
        '1.0',
        'a key with colons',
        `+    nova::ram_allocation_ratio: '1.0'`,
      ),
      remove(
        'parameter_defaults/ControllerCount',
        'the first key, below a heading',
        '-  ControllerCount: 3',
      ),
      rename(
        'parameter_defaults/ComputeCount',
        'EdgeCount',
        'a key before aligned spaces',
        `-  ComputeCount:    12
+  EdgeCount:    12`,
      ),
    ],
  },
  {
    name: 'compose, with anchors and merge keys',
    text: `x-logging: &logging
  driver: journald
  options: &log-options {tag: "{{.Name}}", mode: non-blocking}

x-common: &common
  restart: unless-stopped
  logging: *logging

services:
  proxy:
    <<: *common
    image: "haproxy:2.8"
    ports: ["80:80", '443:443']
    environment:
      - TZ=Europe/Lisbon
      - "BANNER=welcome: all"   # quoted for the colon
  till:
    <<: [*common]
    image: till:7
    command: >-
      serve --listen 0.0.0.0
      --verbose
    labels: &labels
      team: stores
  back-office:
    image: office:3     # pinned
    labels: *labels

volumes:
  data:
  logs:    # rotated
`,
    edits: [
      set(
        'services/proxy/image',
        'haproxy:2.9',
        'an image in its quotes',
        `-    image: "haproxy:2.8"
+    image: "haproxy:2.9"`,
      ),
      insert(
        'services/proxy/ports/1',
        '8080:8080',
        'a port that would be a number',
        `-    ports: ["80:80", '443:443']
+    ports: ["80:80", "8080:8080", '443:443']`,
      ),
      set(
        'services/proxy/environment/1',
        'BANNER=closed: today',
        'an item in its quotes',
        `-      - "BANNER=welcome: all"   # quoted for the colon
+      - "BANNER=closed: today"   # quoted for the colon`,
      ),
      insert(
        'services/proxy/environment/2',
        'DEBUG=1',
        'an item behind a comment',
        '+      - DEBUG=1',
      ),
      set('services/till/restart', 'no', 'a key over a merge key', '+    restart: "no"'),
      set(
        'services/till/image',
        'till:8',
        'an image',
        `-    image: till:7
+    image: till:8`,
      ),
      set(
        'services/back-office/restart',
        'always',
        'a key beside an alias',
        '+    restart: always',
      ),
      remove(
        'services/back-office',
        'a service that goes',
        `-  back-office:
-    image: office:3     # pinned
-    labels: *labels`,
      ),
      set('volumes/data/driver', 'local', 'a key where nothing was', '+    driver: local'),
      set('volumes/cache', null, 'a key without a value', '+  cache: null'),
      remove('volumes/logs', 'the last key', '-  logs:    # rotated'),
    ],
  },
];

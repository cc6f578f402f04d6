"""Compiles a seccomp profile with libseccomp, as a container runtime does, for `bwrap --seccomp`: seccomp-filter.py PROFILE FILTER."""
import ctypes
import json
import sys

seccomp = ctypes.CDLL('libseccomp.so.2')
seccomp.seccomp_init.restype = ctypes.c_void_p

COMPARISONS = {'SCMP_CMP_NE': 1, 'SCMP_CMP_EQ': 4, 'SCMP_CMP_MASKED_EQ': 7}
ARCHITECTURES = {'SCMP_ARCH_X86_64': 0xC000003E, 'SCMP_ARCH_AARCH64': 0xC00000B7}
ALREADY_THERE = -17


class Argument(ctypes.Structure):
    _fields_ = [('index', ctypes.c_uint), ('comparison', ctypes.c_int), ('value', ctypes.c_uint64), ('value_two', ctypes.c_uint64)]


def action(name, errno):
    return 0x7FFF0000 if name == 'SCMP_ACT_ALLOW' else 0x00050000 | errno


profile = json.load(open(sys.argv[1]))
context = ctypes.c_void_p(seccomp.seccomp_init(action(profile['defaultAction'], profile['defaultErrnoRet'])))
for architecture in profile['architectures']:
    assert seccomp.seccomp_arch_add(context, ARCHITECTURES[architecture]) in (0, ALREADY_THERE), architecture
for rule in profile['syscalls']:
    given = [Argument(one['index'], COMPARISONS[one['op']], one['value'], one.get('valueTwo', 0)) for one in rule.get('args', [])]
    for name in rule['names']:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        assert number != -1, f'there is no system call {name}'
        then = ctypes.c_uint32(action(rule['action'], rule.get('errnoRet', 1)))
        assert seccomp.seccomp_rule_add_array(context, then, number, len(given), (Argument * len(given))(*given)) == 0, name
with open(sys.argv[2], 'wb') as out:
    assert seccomp.seccomp_export_bpf(context, out.fileno()) == 0

// SPDX-License-Identifier: Apache-2.0
//! A plugin in Rust, with rustc alone: how late the kernel may wake the command, prctl(2)
//! PR_SET_TIMERSLACK.
//!
//!   rustc --edition 2021 --crate-type cdylib -C opt-level=2 -C panic=abort -C strip=symbols \
//!       -C link-arg=-Wl,-z,defs -o timerslack.so timerslack.rs
//!   mini_container --plugin-dir . --timerslack.ns 1000 -- cat /proc/self/timerslack_ns
//!
//! The structures are those of mini_container/abi.h. Each may be declared as far as it is used: its
//! size says how far it reaches, and a reader takes what both sides know.
#![no_std]

use core::ffi::c_void;
use core::ptr::null;

#[repr(C)]
pub struct McError {
    error_number: i32,
    text: [u8; 348],
    hint: [u8; 160],
}

#[repr(C)]
pub struct McOption {
    size: u32,
    kind: u32,
    element: u32,
    flags: u32,
    key: *const u8,
    help: *const u8,
    default_text: *const u8,
    minimum: i64,
    maximum: i64,
    choices: *const *const u8,
    fields: *const McOption,
    field_count: u32,
    field_stride: u32,
    value_name: *const u8,
    long_flag: *const u8,
    short_flag: u32,
    since: u32,
}

#[repr(C)]
pub struct McNode {
    _private: [u8; 0],
}

/// The host, as far as `integer`.
#[repr(C)]
pub struct McHost {
    size: u32,
    abi_minor: u32,
    log: extern "C" fn(*const McHost, u32, *const u8),
    config: extern "C" fn(*const McHost) -> *const McNode,
    get: extern "C" fn(*const McNode, *const u8) -> *const McNode,
    length: extern "C" fn(*const McNode) -> usize,
    at: extern "C" fn(*const McNode, usize) -> *const McNode,
    key_at: extern "C" fn(*const McNode, usize) -> *const u8,
    boolean: extern "C" fn(*const McNode) -> i32,
    integer: extern "C" fn(*const McNode) -> i64,
}

type Hook = extern "C" fn(*mut c_void, *const McHost, *const c_void, *mut McError) -> i32;

#[repr(C)]
pub struct McPlugin {
    size: u32,
    abi_minor: u32,
    name: *const u8,
    version: *const u8,
    summary: *const u8,
    namespaces: u64,
    flags: u32,
    deadline_ms: u32,
    options: *const McOption,
    option_count: u32,
    option_stride: u32,
    needs: *const *const u8,
    after: *const *const u8,
    before: *const *const u8,
    long_flag: *const u8,
    short_flag: u32,
    reserved: u32,
    create: Option<extern "C" fn(*const McHost, *mut *mut c_void, *mut McError) -> i32>,
    destroy: Option<extern "C" fn(*mut c_void)>,
    plan: Option<Hook>,
    pre_clone: Option<Hook>,
    post_clone: Option<Hook>,
    before_pivot: Option<Hook>,
    pivot: Option<Hook>,
    after_pivot: Option<Hook>,
    join: Option<Hook>,
    seal: Option<Hook>,
}

// Constants, never written.
unsafe impl Sync for McPlugin {}
unsafe impl Sync for McOption {}

/// A text of the descriptor: its last byte is NUL.
const fn text(bytes: &'static [u8]) -> *const u8 {
    bytes.as_ptr()
}

const TYPE_INT: u32 = 2; // MC_INT
const STATELESS: u32 = 1; // MC_PLUGIN_STATELESS
const PR_SET_TIMERSLACK: i32 = 29;

#[link(name = "c")]
extern "C" {
    fn prctl(option: i32, value: isize) -> i32;
    fn __errno_location() -> *mut i32;
    fn abort() -> !;
}

/// No panic may cross the boundary: it ends the process, which the runtime reports by name.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    unsafe { abort() }
}

fn copy_text(target: &mut [u8], source: &[u8]) {
    let length = source.len().min(target.len() - 1);
    target[..length].copy_from_slice(&source[..length]);
    target[length] = 0;
}

extern "C" fn seal(_: *mut c_void, host: *const McHost, _: *const c_void, error: *mut McError) -> i32 {
    let api = unsafe { &*host };
    let nanoseconds = (api.integer)((api.get)((api.config)(host), text(b"ns\0")));
    if unsafe { prctl(PR_SET_TIMERSLACK, nanoseconds as isize) } == 0 {
        return 0;
    }
    let error = unsafe { &mut *error };
    error.error_number = unsafe { *__errno_location() };
    copy_text(&mut error.text, b"set the timer slack");
    copy_text(&mut error.hint, b"");
    -1
}

static OPTIONS: [McOption; 1] = [McOption {
    size: core::mem::size_of::<McOption>() as u32,
    kind: TYPE_INT,
    element: 0,
    flags: 0,
    key: text(b"ns\0"),
    help: text(b"Nanoseconds by which a wake-up may be late\0"),
    default_text: text(b"50000\0"),
    minimum: 1,
    maximum: 1_000_000_000,
    choices: null(),
    fields: null(),
    field_count: 0,
    field_stride: 0,
    value_name: null(),
    long_flag: null(),
    short_flag: 0,
    since: 0,
}];

#[no_mangle]
#[allow(non_upper_case_globals)]
pub static mc_plugin_v1: McPlugin = McPlugin {
    size: core::mem::size_of::<McPlugin>() as u32,
    abi_minor: 0,
    name: text(b"timerslack\0"),
    version: text(b"1.0.0\0"),
    summary: text(b"How late the kernel may wake the command\0"),
    namespaces: 0,
    flags: STATELESS,
    deadline_ms: 0,
    options: OPTIONS.as_ptr(),
    option_count: OPTIONS.len() as u32,
    option_stride: core::mem::size_of::<McOption>() as u32,
    needs: null(),
    after: null(),
    before: null(),
    long_flag: null(),
    short_flag: 0,
    reserved: 0,
    create: None,
    destroy: None,
    plan: None,
    pre_clone: None,
    post_clone: None,
    before_pivot: None,
    pivot: None,
    after_pivot: None,
    join: None,
    seal: Some(seal),
};

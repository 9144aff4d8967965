//! What this processor can do, as a proof.
//!
//! The fast routines are compiled for instructions that not every processor has. Whoever calls one shows a [`Simd`] that
//! says so, which only [`Simd::detect`] makes. On any processor, and on each path, the result is the same: each fast
//! routine has a plain twin that it is tested against.
//!
//! Each of them is compiled for just the features that [`Simd`] names. A call into one is `unsafe`, and sound where a `Simd`
//! says so; beside those calls (`checksum.rs`, `venue/kraken/wide.rs`) only the question here, what the system keeps, is.

#[cfg(target_arch = "x86_64")]
pub(crate) mod text;

use bytemuck::Zeroable;

/// Whether the processor has AVX2, BMI1, BMI2, LZCNT, POPCNT and PCLMULQDQ. Zero: it is not known to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Zeroable)]
#[repr(transparent)]
pub struct Simd(u8);

impl Simd {
    /// Plain code only.
    pub const NONE: Self = Self(0);

    /// Asks the processor and what the system keeps of its registers. Slow, microseconds under virtualisation: once, at
    /// start.
    #[must_use]
    pub fn detect() -> Self {
        Self(u8::from(has_all()))
    }

    /// Whether there is more than plain code.
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.0 != 0
    }
}

#[cfg(not(target_arch = "x86_64"))]
const fn has_all() -> bool {
    false
}

/// Bits as in the processor's manual: CPUID leaves 1, 7 and 0x8000_0001, and XCR0.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "an instruction is used that not every processor has")]
fn has_all() -> bool {
    use core::arch::x86_64::{__cpuid, __cpuid_count};
    const PCLMULQDQ_OSXSAVE_AVX_POPCNT: u32 = 1 << 1 | 1 << 27 | 1 << 28 | 1 << 23;
    const BMI1_AVX2_BMI2: u32 = 1 << 3 | 1 << 5 | 1 << 8;
    const LZCNT: u32 = 1 << 5;
    const SSE_AND_AVX_REGISTERS: u64 = 0b110;
    const EXTENDED: u32 = 0x8000_0000;
    let has = |register: u32, bits: u32| register & bits == bits;
    if __cpuid(0).eax < 7 || __cpuid(EXTENDED).eax <= EXTENDED {
        return false;
    }
    has(__cpuid(1).ecx, PCLMULQDQ_OSXSAVE_AVX_POPCNT)
        && has(__cpuid_count(7, 0).ebx, BMI1_AVX2_BMI2)
        && has(__cpuid(EXTENDED | 1).ecx, LZCNT)
        && {
            // SAFETY: OSXSAVE, which was just seen, says that XGETBV may be used, and its register 0 is always there.
            let kept = unsafe { core::arch::x86_64::_xgetbv(0) };
            kept & SSE_AND_AVX_REGISTERS == SSE_AND_AVX_REGISTERS
        }
}

#[cfg(test)]
mod tests {
    use super::Simd;

    #[test]
    fn the_processor_says_what_the_standard_library_says() {
        #[cfg(target_arch = "x86_64")]
        let expected = std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("bmi1")
            && std::arch::is_x86_feature_detected!("bmi2")
            && std::arch::is_x86_feature_detected!("lzcnt")
            && std::arch::is_x86_feature_detected!("popcnt")
            && std::arch::is_x86_feature_detected!("pclmulqdq");
        #[cfg(not(target_arch = "x86_64"))]
        let expected = false;
        assert_eq!(Simd::detect().is_any(), expected);
        assert!(!Simd::NONE.is_any());
    }
}

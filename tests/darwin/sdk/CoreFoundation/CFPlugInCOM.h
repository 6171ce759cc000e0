/* SPDX-License-Identifier: MIT
 *
 * The COM part of CoreFoundation plug-ins, in our own words. See CoreFoundation.h beside this file.
 */
#ifndef ORIEL_DARWIN_CFPLUGINCOM_H
#define ORIEL_DARWIN_CFPLUGINCOM_H

#include <CoreFoundation/CoreFoundation.h>

#define COREFOUNDATION_CFPLUGINCOM_SEPARATE 1
#define STDMETHODCALLTYPE

typedef SInt32 HRESULT;
typedef UInt32 ULONG;
typedef void *LPVOID;
typedef CFUUIDBytes REFIID; /* by value */

#define SUCCEEDED(status) ((HRESULT)(status) >= 0)
#define FAILED(status) ((HRESULT)(status) < 0)
#define S_OK ((HRESULT)0)
#define S_FALSE ((HRESULT)1)
#define E_NOTIMPL ((HRESULT)0x80000001u)
#define E_OUTOFMEMORY ((HRESULT)0x80000002u)
#define E_INVALIDARG ((HRESULT)0x80000003u)
#define E_NOINTERFACE ((HRESULT)0x80000004u)
#define E_POINTER ((HRESULT)0x80000005u)
#define E_FAIL ((HRESULT)0x80000008u)

#define IUnknownUUID \
  CFUUIDGetConstantUUIDWithBytes(NULL, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xC0, 0x00, 0x00, 0x00, 0x00, \
                                 0x00, 0x00, 0x46)

#endif

import SwiftUI

struct Cafe: Identifiable {
    let id: String
    let name: String
    let neighborhood: String
}

struct CafeList: View {
    @EnvironmentObject private var cart: Cart

    private let cafes = [
        Cafe(id: "alder", name: "Alder & Ash", neighborhood: "Capitol Hill"),
        Cafe(id: "tidewater", name: "Tidewater Roasters", neighborhood: "Ballard"),
        Cafe(id: "northbank", name: "Northbank Coffee", neighborhood: "Sellwood"),
    ]

    var body: some View {
        NavigationStack {
            List(cafes) { cafe in
                VStack(alignment: .leading) {
                    Text(cafe.name).font(.headline)
                    Text(cafe.neighborhood).font(.subheadline)
                }
            }
            .navigationTitle("Cafes")
            .toolbar {
                Text("\(cart.drinks.count)")
            }
        }
    }
}
